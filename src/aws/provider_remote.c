/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from a service beside the process: the container agent (ECS, EKS Pod
 * Identity) and the EC2 instance metadata service, version 2 with a fall-back
 * to version 1. Both are plain HTTP on link-local addresses, never through a
 * proxy, with short time limits.
 *
 * The container agent was named by the environment: when it fails, the chain
 * stops. The metadata service is only tried: whatever goes wrong there is a
 * clause, for nobody said that this machine is an EC2 instance.
 */
#include "aws/provider.h"

#include "aws/endpoint.h"
#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/json.h"
#include "proto/url.h"

/* ---- one exchange ---- */

static struct str
join(struct provider_run *r, struct str a, struct str b)
{
	struct str parts[] = { a, b };

	return str_join(r->a, parts, 2);
}

/* Sends one request. The headers' first two slots are filled here. */
static void
fetch(struct provider_run *r, const struct url *url, struct str method,
    struct str target, struct transport_header *headers, size_t header_n,
    int64_t timeout_ms, struct exchange *x)
{
	struct buf host = buf_in(r->a, HTTP_TARGET_MAX);
	int64_t end = r->sys->mono_ms(r->sys->ctx) + timeout_ms;

	url_add_host(&host, url);
	headers[0] = (struct transport_header){ S("Host"), buf_str(&host) };
	headers[1] = (struct transport_header){
		S("User-Agent"), S("cloudwatch-mcp")
	};
	*x = (struct exchange){
		.arena = r->a, .tls = url->tls, .direct = true,
		.host = url->host, .port = url->port, .method = method,
		.target = target, .headers = headers, .header_n = header_n,
		.body_max = METADATA_ANSWER_MAX,
		.deadline_ms = end < r->deadline_ms ? end : r->deadline_ms,
		.cancel = r->cancel,
	};
	fail_init(&x->fail, r->a);
	if (r->a->failed) {
		x->err = ERR_NOMEM;
		return;
	}
	r->transport->roundtrip(r->transport->ctx, &x, 1);
	x->headers = NULL;
}

/* see provider.h */
struct str
provider_trouble(struct provider_run *r, const struct exchange *x)
{
	struct buf b = buf_in(r->a, 512);
	struct str text = str_trim_ws(x->response_body);

	if (x->err != ERR_OK) {
		return fail_text(&x->fail);
	}
	buf_addf(&b, "HTTP status %u", (uint64_t)x->status);
	if (text.len > 0) {
		buf_addf(&b, ": %s", str_sub(text, 0, 200));
	}
	return buf_str(&b);
}

/* The run itself is over, whatever the service would say. */
static bool
is_over(const struct provider_run *r, const struct exchange *x)
{
	return x->err == ERR_CANCELLED || x->err == ERR_NOMEM ||
	    r->a->failed;
}

static enum err
over(const struct provider_run *r, const struct exchange *x)
{
	return r->a->failed ? ERR_NOMEM : x->err;
}

/* Decodes {AccessKeyId, SecretAccessKey, Token, Expiration, AccountId}. On
 * failure *why says what is missing. */
static bool
decode(struct provider_run *r, struct str body, struct creds_keys *out,
    struct str *why)
{
	struct json *v;
	struct str code;
	struct str expires;

	if (json_parse(r->a, body, 0, &v, NULL) != ERR_OK) {
		*why = S("the answer is not JSON");
		return false;
	}
	code = json_get_str(v, S("Code"), S("Success"));
	if (!str_eq(code, S("Success"))) {
		*why = join(r, S("the answer says "), code);
		return false;
	}
	*out = (struct creds_keys){
		.access_key_id = json_get_str(v, S("AccessKeyId"), STR_NONE),
		.secret = json_get_str(v, S("SecretAccessKey"), STR_NONE),
		.token = json_get_str(v, S("Token"), STR_NONE),
		.account_id = json_get_str(v, S("AccountId"), STR_NONE),
	};
	if (out->access_key_id.len == 0 || out->secret.len == 0) {
		*why = S("the answer lacks AccessKeyId or SecretAccessKey");
		return false;
	}
	expires = json_get_str(v, S("Expiration"), STR_NONE);
	if (expires.p != NULL &&
	    !timefmt_parse_iso(expires, &out->expires_ms)) {
		*why = S("the answer has an Expiration that is no time");
		return false;
	}
	return true;
}

/* ---- container ---- */

/* Plain HTTP may only go where the token cannot leave the machine. */
static bool
is_allowed(const struct url *url)
{
	static const struct str hosts[] = {
		STR_INIT("169.254.170.2"), STR_INIT("169.254.170.23"),
		STR_INIT("fd00:ec2::23"),
	};

	if (url->tls || url_host_is_loopback(url->host)) {
		return true;
	}
	for (size_t i = 0; i < 3; i++) {
		if (str_ieq(url->host, hosts[i])) {
			return true;
		}
	}
	return false;
}

/* Decides where the agent is; *found false: nobody named one. */
static enum err
container_url(struct provider_run *r, struct url *url, struct str *text,
    bool *found)
{
	struct str relative = provider_env(r,
	    S("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
	struct str full = provider_env(r,
	    S("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
	struct fail inner;

	fail_init(&inner, r->a);
	*found = relative.p != NULL || full.p != NULL;
	if (!*found) {
		provider_looked(r, "container: "
		    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI are unset");
		return ERR_OK;
	}
	if (relative.p != NULL && relative.p[0] != '/') {
		return fail_setf(r->f, ERR_CREDENTIALS, "AWS_CONTAINER_"
		    "CREDENTIALS_RELATIVE_URI does not begin with /: '%s'",
		    relative);
	}
	*text = relative.p == NULL ? full :
	    join(r, S("http://169.254.170.2"), relative);
	if (text->p == NULL) {
		return ERR_NOMEM;
	}
	if (url_parse(*text, url, &inner) != ERR_OK) {
		return fail_setf(r->f, ERR_CREDENTIALS, "the container "
		    "credentials URI '%s' is not a URL: %s", *text,
		    fail_text(&inner));
	}
	if (!is_allowed(url)) {
		return fail_setf(r->f, ERR_CREDENTIALS, "AWS_CONTAINER_"
		    "CREDENTIALS_FULL_URI names host '%s'; without https only "
		    "loopback addresses, 169.254.170.2, 169.254.170.23 and "
		    "[fd00:ec2::23] are allowed", url->host);
	}
	return ERR_OK;
}

/* The value of the Authorization header; absent when none is wanted. */
static enum err
container_token(struct provider_run *r, struct str *token)
{
	struct str file = provider_env(r,
	    S("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
	struct buf b = buf_in(r->a, STS_TOKEN_MAX);

	*token = provider_env(r, S("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
	if (file.p != NULL) {
		/* Anew each time: the agent replaces it. */
		enum err err = r->sys->read_file(r->sys->ctx, file, &b);

		if (err != ERR_OK) {
			return r->a->failed ? ERR_NOMEM : fail_setf(r->f,
			    ERR_CREDENTIALS, "the container token file %s "
			    "(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) cannot "
			    "be used: %s", file, err_text(err));
		}
		*token = str_trim_ws(buf_str(&b));
	}
	for (size_t i = 0; i < token->len; i++) {
		if ((unsigned char)token->p[i] < ' ' || token->p[i] == 0x7f) {
			return fail_setf(r->f, ERR_CREDENTIALS, "the container "
			    "authorization token holds a line break or another "
			    "control character");
		}
	}
	return ERR_OK;
}

/* Asks until there is an answer that will not get better. */
static enum err
container_ask(struct provider_run *r, const struct url *url, struct str token,
    struct exchange *x)
{
	struct str target = url->path;

	if (url->query.p != NULL) {
		target = join(r, join(r, target, S("?")), url->query);
	}
	for (unsigned i = 1;; i++) {
		struct transport_header headers[4] = {
			[2] = { S("Accept"), S("application/json") },
			[3] = { S("Authorization"), token },
		};
		int64_t until;
		enum err err;

		fetch(r, url, S("GET"), target, headers,
		    token.p == NULL ? 3 : 4, CONTAINER_TIMEOUT_MS, x);
		if (is_over(r, x)) {
			return over(r, x);
		}
		if (i == CONTAINER_ATTEMPT_MAX || (x->err == ERR_OK &&
		    x->status < 500 && x->status != 429)) {
			return ERR_OK;
		}
		until = r->sys->mono_ms(r->sys->ctx) + CONTAINER_PAUSE_MS;
		if (until >= r->deadline_ms) {
			return ERR_OK;
		}
		err = r->sys->sleep_until(r->sys->ctx, until, r->cancel);
		if (err != ERR_OK) {
			return err;
		}
	}
}

/* see provider.h */
enum err
provider_container(struct provider_run *r, struct creds_keys *out,
    bool *found)
{
	struct url url = { 0 };
	struct str text = STR_NONE;
	struct str token = STR_NONE;
	struct str why = STR_NONE;
	struct exchange x = { 0 };
	bool named = false;
	enum err err = container_url(r, &url, &text, &named);

	if (err != ERR_OK || !named) {
		return err;
	}
	err = container_token(r, &token);
	if (err == ERR_OK) {
		err = container_ask(r, &url, token, &x);
	}
	if (err != ERR_OK) {
		return err;
	}
	if (x.err != ERR_OK || x.status != 200) {
		why = provider_trouble(r, &x);
	}
	if (why.p != NULL || !decode(r, x.response_body, out, &why)) {
		return fail_setf(r->f, ERR_CREDENTIALS, "the container "
		    "credentials at %s cannot be had: %s%s", text, why,
		    x.status == 404 || x.status == 400 ? S(" (does the task "
		    "have a role, or the service account a pod identity "
		    "association?)") : S(""));
	}
	out->source = join(r, S("container "), text);
	*found = true;
	return ERR_OK;
}

/* ---- instance metadata ---- */

struct imds {
	struct provider_run *r;
	struct url url;
	struct str base;       /* path of the endpoint, without a final slash */
	int64_t timeout_ms;
	uint64_t attempt_max;
	bool v1_disabled;
	struct str token;      /* absent: none was had */
	bool silent;           /* the token request got no answer */
};

static struct str
imds_setting(struct imds *m, struct str variable, struct str key)
{
	struct str from;

	return endpoint_setting(m->r->sys, &m->r->files, m->r->profile,
	    variable, key, &from);
}

static enum err
imds_number(struct imds *m, struct str variable, struct str key, uint64_t max,
    uint64_t *out)
{
	struct str text = imds_setting(m, variable, key);

	if (text.p != NULL && (!str_u64(text, max, out) || *out == 0)) {
		return fail_setf(m->r->f, ERR_CONFIG,
		    "%s (%s) is '%s'; it can be 1 to %u", variable, key, text,
		    max);
	}
	return ERR_OK;
}

/* Reads the settings of 'EC2 instance metadata' in the reference guide. */
static enum err
imds_open(struct imds *m)
{
	struct str text = imds_setting(m,
	    S("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
	    S("ec2_metadata_service_endpoint"));
	struct str mode = imds_setting(m,
	    S("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
	    S("ec2_metadata_service_endpoint_mode"));
	struct fail inner;
	uint64_t seconds = IMDS_TIMEOUT_MS / 1000;
	enum err err;

	fail_init(&inner, m->r->a);
	if (text.p == NULL) {
		text = str_ieq(mode, S("ipv6")) ||
		    str_ieq(provider_env(m->r, S("AWS_IMDS_USE_IPV6")),
		    S("true")) ? S("http://[fd00:ec2::254]") :
		    S("http://169.254.169.254");
	}
	if (url_parse(text, &m->url, &inner) != ERR_OK) {
		return fail_setf(m->r->f, ERR_CONFIG,
		    "AWS_EC2_METADATA_SERVICE_ENDPOINT '%s' is not a URL: %s",
		    text, fail_text(&inner));
	}
	m->base = m->url.path;
	while (str_ends(m->base, S("/"))) {
		m->base.len--;
	}
	m->v1_disabled = str_ieq(imds_setting(m,
	    S("AWS_EC2_METADATA_V1_DISABLED"), S("ec2_metadata_v1_disabled")),
	    S("true"));
	err = imds_number(m, S("AWS_METADATA_SERVICE_TIMEOUT"),
	    S("metadata_service_timeout"), IMDS_TIMEOUT_MAX_S, &seconds);
	if (err == ERR_OK) {
		err = imds_number(m, S("AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
		    S("metadata_service_num_attempts"), IMDS_ATTEMPT_MAX,
		    &m->attempt_max);
	}
	m->timeout_ms = (int64_t)seconds * 1000;
	return err;
}

/* One request with the configured attempts. */
static enum err
imds_get(struct imds *m, struct str method, struct str path,
    struct exchange *x)
{
	bool put = str_eq(method, S("PUT"));
	struct str target = join(m->r, m->base, path);

	for (uint64_t i = 0; i < m->attempt_max; i++) {
		struct transport_header headers[3] = {
			[2] = { S("x-aws-ec2-metadata-token"), m->token },
		};

		if (put) {
			headers[2] = (struct transport_header){
				S("x-aws-ec2-metadata-token-ttl-seconds"),
				S("21600")
			};
		}
		fetch(m->r, &m->url, method, target, headers,
		    put || m->token.p != NULL ? 3 : 2, m->timeout_ms, x);
		if (is_over(m->r, x)) {
			return over(m->r, x);
		}
		if (x->err == ERR_OK && x->status < 500) {
			break;
		}
	}
	return ERR_OK;
}

#define HOP_ADVICE "; in a container on EC2 the metadata hop limit has to be " \
	"2 (aws ec2 modify-instance-metadata-options " \
	"--http-put-response-hop-limit 2)"

static void
imds_looked(struct imds *m, struct str what, struct str why)
{
	provider_looked(m->r, "instance metadata at %s: %s%s%s", m->url.host,
	    what, why, m->silent ? S(HOP_ADVICE) : S(""));
}

/* What goes into a header again must be able to stand in one. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~') {
			return false;
		}
	}
	return s.len > 0;
}

/* Gets a session token. *go is false when there is nobody to talk to. */
static enum err
imds_token(struct imds *m, bool *go)
{
	struct exchange x = { 0 };
	enum err err = imds_get(m, S("PUT"), S("/latest/api/token"), &x);

	*go = false;
	if (err != ERR_OK) {
		return err;
	}
	if (x.err == ERR_OK && x.status == 200) {
		m->token = str_trim_ws(x.response_body);
		*go = is_token(m->token);
		if (!*go) {
			imds_looked(m, S("what it calls a token is none"),
			    S(""));
		}
		return ERR_OK;
	}
	if (x.err != ERR_OK && !x.sent) {
		imds_looked(m, S("no answer, "), provider_trouble(m->r, &x));
		return ERR_OK;
	}
	/* The connection stood, but the answer was lost on its way: answers
	 * to PUT carry a hop limit of their own. */
	m->silent = x.err != ERR_OK;
	if (x.err == ERR_OK && x.status != 403 && x.status != 404 &&
	    x.status != 405) {
		imds_looked(m, S("the token request got "),
		    provider_trouble(m->r, &x));
	} else if (m->v1_disabled) {
		imds_looked(m, S("no token, and IMDSv1 is switched off: "),
		    provider_trouble(m->r, &x));
	} else {
		*go = true;
	}
	return ERR_OK;
}

/* Role names are IAM names; anything else must not become part of a path. */
static bool
is_role_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!str_is_alnum(s.p[i]) &&
		    str_find_byte(S("_+=,.@-"), s.p[i], 0) == 7) {
			return false;
		}
	}
	return s.len > 0 && s.len <= 128;
}

static enum err
imds_role(struct imds *m, struct str *role)
{
	struct exchange x = { 0 };
	enum err err = imds_get(m, S("GET"),
	    S("/latest/meta-data/iam/security-credentials/"), &x);

	*role = STR_NONE;
	if (err != ERR_OK) {
		return err;
	}
	if (x.err == ERR_OK && x.status == 200) {
		struct str rest = str_trim_ws(x.response_body);
		struct str name = str_trim_ws(str_cut(&rest, '\n'));

		if (is_role_name(name)) {
			*role = name;
			return ERR_OK;
		}
	}
	if (x.err == ERR_OK && (x.status == 404 || x.status == 200)) {
		imds_looked(m, S("the instance has no IAM role"), S(""));
	} else {
		imds_looked(m, S("the role cannot be had: "),
		    provider_trouble(m->r, &x));
	}
	return ERR_OK;
}

/* When the service is late with new keys, the old ones are used on: AWS
 * accepts them ("static stability"), and the next try may bring new ones. */
static void
imds_stretch(struct imds *m, struct creds_keys *out)
{
	struct provider_run *r = m->r;
	int64_t now = r->sys->now_ms(r->sys->ctx);
	uint16_t random = 0;

	if (out->expires_ms == 0 ||
	    out->expires_ms - now >= CREDS_MANDATORY_MS) {
		return;
	}
	if (r->sys->random(r->sys->ctx, &random, sizeof(random)) != ERR_OK) {
		random = 0;
	}
	out->expires_ms = now + CREDS_ADVISORY_MS + IMDS_STRETCH_MIN_MS +
	    (IMDS_STRETCH_MAX_MS - IMDS_STRETCH_MIN_MS) * random / 65536;
	log_say(r->log, LOG_WARNING, S("credentials"), S("the instance "
	    "metadata service gives keys that are at their end; they are used "
	    "on until it has new ones"));
}

/* see provider.h */
enum err
provider_region(struct provider_run *r, struct str *out)
{
	struct imds m = { .r = r, .attempt_max = 1 };
	struct exchange x = { 0 };
	bool go = false;
	enum err err;

	*out = STR_NONE;
	if (str_ieq(provider_env(r, S("AWS_EC2_METADATA_DISABLED")),
	    S("true"))) {
		return ERR_OK;
	}
	err = imds_open(&m);
	if (err == ERR_OK) {
		err = imds_token(&m, &go);
	}
	/* A token request that hung would be followed by another that does. */
	if (err == ERR_OK && go && !m.silent) {
		err = imds_get(&m, S("GET"),
		    S("/latest/meta-data/placement/region"), &x);
		if (err == ERR_OK && x.err == ERR_OK && x.status == 200) {
			struct str region = str_trim_ws(x.response_body);

			*out = endpoint_region_ok(region) ? region : STR_NONE;
		}
	}
	return err;
}

/* see provider.h */
enum err
provider_instance(struct provider_run *r, struct creds_keys *out, bool *found)
{
	struct imds m = { .r = r, .attempt_max = 1 };
	struct str role = STR_NONE;
	struct str why = STR_NONE;
	struct exchange x = { 0 };
	bool go = false;
	enum err err;

	if (str_ieq(provider_env(r, S("AWS_EC2_METADATA_DISABLED")),
	    S("true"))) {
		provider_looked(r, "instance metadata: "
		    "AWS_EC2_METADATA_DISABLED is true");
		return ERR_OK;
	}
	err = imds_open(&m);
	if (err == ERR_OK) {
		err = imds_token(&m, &go);
	}
	if (err == ERR_OK && go) {
		err = imds_role(&m, &role);
	}
	if (err != ERR_OK || role.p == NULL) {
		return err;
	}
	err = imds_get(&m, S("GET"), join(r,
	    S("/latest/meta-data/iam/security-credentials/"), role), &x);
	if (err != ERR_OK) {
		return err;
	}
	if (x.err != ERR_OK || x.status != 200) {
		why = provider_trouble(r, &x);
	}
	if (why.p != NULL || !decode(r, x.response_body, out, &why)) {
		imds_looked(&m, join(r, role, S(": ")), why);
		return r->a->failed ? ERR_NOMEM : ERR_OK;
	}
	imds_stretch(&m, out);
	out->source = join(r, S("instance role "), role);
	*found = true;
	return ERR_OK;
}
