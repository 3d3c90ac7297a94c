/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolves profiles as it is told on standard input, for comparison with
 * botocore (botocore_profiles.py): one JSON object a line in, one a line out.
 *
 *	in   env {name: value}, profile, named
 *	out  key, token, account (null where there are none), error (null or
 *	     text), requests [text]
 *
 * Files and programs are real; services are answered from here, by rules that
 * botocore_profiles.py has as well.
 */
#include <stdio.h>

#include "aws/provider.h"
#include "net/sys_linux.h"
#include "proto/url.h"

extern char **environ;

static struct sys sys;
static const struct json *variables;
static struct json_writer *requests;

static struct str
env(void *ctx, struct str name)
{
	(void)ctx;
	return json_get_str(json_get(variables, S("env")), name, STR_NONE);
}

static struct str
header(const struct exchange *x, struct str name)
{
	for (size_t i = 0; i < x->header_n; i++) {
		if (str_ieq(x->headers[i].name, name)) {
			return x->headers[i].value;
		}
	}
	return S("-");
}

/* A field of a form, decoded; "-" where there is none. */
static struct str
field(const struct exchange *x, struct str form, struct str name)
{
	struct url_pair *pairs;
	size_t n;
	struct str v = STR_NONE;

	if (url_query_parse(x->arena, form, true, 32, &pairs, &n) == ERR_OK) {
		v = url_query_get(pairs, n, name);
	}
	return v.p == NULL ? S("-") : v;
}

static struct str
last_part(struct str s)
{
	size_t at = s.len;

	while (at > 0 && s.p[at - 1] != '/') {
		at--;
	}
	return str_sub(s, at, s.len);
}

/* The access key in the Authorization header of a signed request. */
static struct str
signer(const struct exchange *x)
{
	struct str s = header(x, S("Authorization"));
	size_t at = str_find(s, S("Credential="), 0);

	return at == s.len ? S("-") :
	    str_sub(s, at + 11, str_find_byte(s, '/', at));
}

static void
answer_sts(struct exchange *x, struct buf *said, struct buf *b)
{
	struct str action = field(x, x->body, S("Action"));
	struct str arn = field(x, x->body, S("RoleArn"));
	struct str session = field(x, x->body, S("RoleSessionName"));
	bool web = !str_eq(action, S("AssumeRole"));

	if (str_starts(session, S("cloudwatch-mcp-"))) {
		session = S("default");
	}
	buf_addf(said, "%s %s arn=%s name=%s id=%s seconds=%s token=%s by=%s",
	    action, x->host, arn, session,
	    field(x, x->body, S("ExternalId")),
	    field(x, x->body, S("DurationSeconds")),
	    field(x, x->body, S("WebIdentityToken")), signer(x));
	buf_addf(b, "<%sResponse><%sResult><Credentials><AccessKeyId>%s-%s"
	    "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>"
	    "t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
	    "</Credentials></%sResult></%sResponse>", action, action,
	    web ? S("W") : S("R"), last_part(arn), action, action);
}

/* One service, told by what it is asked. */
static void
answer(struct exchange *x, struct buf *said, struct buf *b)
{
	struct str query = str_sub(x->target,
	    str_find_byte(x->target, '?', 0) + 1, x->target.len);

	if (str_starts(x->host, S("sts"))) {
		answer_sts(x, said, b);
	} else if (str_starts(x->host, S("portal."))) {
		buf_addf(said, "portal %s role=%s account=%s token=%s",
		    x->host, field(x, query, S("role_name")),
		    field(x, query, S("account_id")),
		    header(x, S("x-amz-sso_bearer_token")));
		buf_addf(b, "{\"roleCredentials\":{\"accessKeyId\":\"S-%s\","
		    "\"secretAccessKey\":\"s\",\"sessionToken\":\"t\","
		    "\"expiration\":4070908800000}}",
		    field(x, query, S("role_name")));
	} else if (str_starts(x->host, S("oidc."))) {
		buf_addf(said, "oidc %s", x->host);
		buf_add(b, S("{\"accessToken\":\"renewed\",\"expiresIn\":28800,"
		    "\"tokenType\":\"Bearer\"}"));
	} else if (str_eq(x->host, S("169.254.169.254"))) {
		buf_addf(said, "metadata %s", x->target);
		buf_add(b, str_eq(x->method, S("PUT")) ? S("tok") :
		    str_ends(x->target, S("/")) ? S("irole") :
		    S("{\"Code\":\"Success\",\"AccessKeyId\":\"IMDS\","
		    "\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"
		    "\"2099-01-01T00:00:00Z\"}"));
	} else {
		buf_addf(said, "container %s%s auth=%s", x->host, x->target,
		    header(x, S("Authorization")));
		buf_add(b, S("{\"AccessKeyId\":\"CONTAINER\","
		    "\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"
		    "\"2099-01-01T00:00:00Z\"}"));
	}
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		struct buf b = buf_in(x[i]->arena, 4096);
		struct buf said = buf_in(x[i]->arena, 32768);

		answer(x[i], &said, &b);
		json_string(requests, buf_str(&said));
		x[i]->err = ERR_OK;
		x[i]->status = 200;
		x[i]->response_body = buf_str(&b);
	}
}

static const struct transport transport = { NULL, roundtrip };

static void
resolve(struct arena *a, struct json_writer *w)
{
	struct buf list = buf_in(a, 262144);
	struct json_writer l = json_writer(&list);
	struct creds_keys keys;
	struct fail f;
	struct provider_run r = {
		.sys = &sys, .transport = &transport,
		.profile = json_get_str(variables, S("profile"), STR_NONE),
		.named = json_get_bool(variables, S("named"), false),
		.deadline_ms = sys.mono_ms(sys.ctx) + 30000, .a = a, .f = &f,
	};
	enum err err;

	requests = &l;
	fail_init(&f, a);
	if (r.profile.len == 0) {
		r.profile = profile_from_env(&sys);
	}
	if (r.profile.len == 0) {
		r.profile = S("default");
	}
	json_begin_array(&l);
	err = provider_find(&r, &keys);
	json_end_array(&l);
	json_begin_object(w);
	if (err == ERR_OK) {
		json_put_string(w, S("key"), keys.access_key_id);
		json_put_string_or_null(w, S("token"), keys.token);
		json_put_string_or_null(w, S("account"), keys.account_id);
	} else {
		json_put_string(w, S("error"), fail_text(&f));
	}
	json_put_raw(w, S("requests"), buf_str(&list));
	json_end_object(w);
}

int
main(void)
{
	static char line[262144];
	static struct arena world;
	struct sys_linux *s;
	struct arena a;
	struct fail f;

	arena_init(&world, (size_t)8 << 20);
	arena_init(&a, (size_t)16 << 20);
	fail_init(&f, &a);
	if (sys_linux_new(&s, &world, environ, &f) != ERR_OK) {
		return 1;
	}
	sys = *sys_linux_sys(s);
	sys.env = env;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct buf b = buf_in(&a, sizeof(line));
		struct json_writer w = json_writer(&b);
		struct json *v;

		if (json_parse(&a, str_trim_ws(str_from_z(line)), 0, &v,
		    NULL) != ERR_OK) {
			return 1;
		}
		variables = v;
		resolve(&a, &w);
		printf("%.*s\n", STR_ARG(buf_str(&b)));
		(void)fflush(stdout);
		arena_reset(&a);
	}
	arena_free(&a);
	arena_free(&world);
	return 0;
}
