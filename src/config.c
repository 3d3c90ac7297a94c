/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings table and what is read through it. A row with a field is parsed
 * here; a row without one (FIELD_NONE) is read where it is used, by the AWS
 * credential and endpoint code through struct sys, and stands in the table for
 * people: --help and the README show every setting the program honours.
 */
#include "config.h"

#include "base/limits.h"
#include "base/log.h"

enum kind {
	KIND_TEXT,
	KIND_SWITCH, /* flag without value; environment true/false */
	KIND_NUMBER,
	KIND_PORT,   /* a number, or Kubernetes' tcp://host:port */
	KIND_LEVEL,
	KIND_NOTE    /* read elsewhere */
};

struct row {
	struct str flag;     /* without dashes; absent: environment only */
	struct str env;      /* first name wins */
	struct str env_old;  /* second name; absent: none */
	enum kind kind : 8;
	uint16_t field;      /* offset in struct config */
	struct str fallback; /* as a user would write it; absent: none */
	int64_t min, max;
	struct str text;
};

#define FIELD(name) offsetof(struct config, name)
#define NONE { NULL, 0 }

static const struct row rows[] = {
	{ STR_INIT("stdio"), NONE, NONE, KIND_SWITCH, FIELD(stdio), NONE, 0, 0,
	    STR_INIT("speak MCP on standard input and output") },
	{ STR_INIT("demo"), NONE, NONE, KIND_SWITCH, FIELD(demo), NONE, 0, 0,
	    STR_INIT("answer from the embedded demo account; needs no AWS") },
	{ STR_INIT("host"), STR_INIT("CLOUDWATCH_MCP_SERVER_HOST"), NONE,
	    KIND_TEXT, FIELD(host), STR_INIT("127.0.0.1"), 1, 253,
	    STR_INIT("address to listen on") },
	{ STR_INIT("port"), STR_INIT("CLOUDWATCH_MCP_PORT"), NONE, KIND_PORT,
	    FIELD(port), STR_INIT("3334"), 0, 65535,
	    STR_INIT("port to listen on; 0 takes a free one") },
	{ STR_INIT("tls-cert"), STR_INIT("CLOUDWATCH_MCP_TLS_CERT"), NONE,
	    KIND_TEXT, FIELD(tls_cert), NONE, 1, 4096, STR_INIT("serve https "
	    "with the certificates in this PEM file; read again when it "
	    "changes") },
	{ STR_INIT("tls-key"), STR_INIT("CLOUDWATCH_MCP_TLS_KEY"), NONE,
	    KIND_TEXT, FIELD(tls_key), NONE, 1, 4096, STR_INIT("PEM file "
	    "with their private key") },
	{ STR_INIT("log-level"), STR_INIT("CLOUDWATCH_MCP_LOG_LEVEL"),
	    STR_INIT("FASTMCP_LOG_LEVEL"), KIND_LEVEL, FIELD(log_level),
	    STR_INIT("INFO"), 0, 0,
	    STR_INIT("ERROR, WARNING, INFO or DEBUG") },
	{ STR_INIT("region"), STR_INIT("AWS_REGION"),
	    STR_INIT("AWS_DEFAULT_REGION"), KIND_TEXT, FIELD(region), NONE, 1,
	    63, STR_INIT("region of calls that name none; then the profile's, "
	    "the EC2 instance's, us-east-1") },
	{ STR_INIT("profile"), STR_INIT("AWS_PROFILE"), NONE, KIND_TEXT,
	    FIELD(profile), NONE, 1, 128,
	    STR_INIT("profile of calls that name none") },
	{ STR_INIT("profiles"), STR_INIT("CLOUDWATCH_MCP_PROFILES"), NONE,
	    KIND_TEXT, FIELD(profiles), NONE, 1, 4096, STR_INIT("profiles "
	    "that a call may name, comma-separated: prod,dev-*; default: "
	    "all") },
	{ STR_INIT("tools"), STR_INIT("CLOUDWATCH_MCP_TOOLS"), NONE, KIND_TEXT,
	    FIELD(tools), NONE, 1, 4096, STR_INIT("offer only these families "
	    "and tools, comma-separated: alarms,logs; default: all") },
	{ STR_INIT("tools-deny"), STR_INIT("CLOUDWATCH_MCP_TOOLS_DENY"), NONE,
	    KIND_TEXT, FIELD(tools_deny), NONE, 1, 4096,
	    STR_INIT("do not offer these") },
	{ STR_INIT("images"), STR_INIT("CLOUDWATCH_MCP_IMAGES"), NONE,
	    KIND_SWITCH, FIELD(images), NONE, 0, 0, STR_INIT("offer "
	    "get_metric_image: true or false; images cost a model far more "
	    "than numbers") },
	{ STR_INIT("workers"), STR_INIT("CLOUDWATCH_MCP_WORKERS"), NONE,
	    KIND_NUMBER, FIELD(worker_n), STR_INIT("8"), 1, 256,
	    STR_INIT("threads that wait for AWS") },
	{ STR_INIT("queue"), STR_INIT("CLOUDWATCH_MCP_QUEUE"), NONE,
	    KIND_NUMBER, FIELD(queue_n), STR_INIT("64"), 1, 4096,
	    STR_INIT("calls that may wait for a worker; more get 503") },
	{ STR_INIT("max-connections"),
	    STR_INIT("CLOUDWATCH_MCP_MAX_CONNECTIONS"), NONE, KIND_NUMBER,
	    FIELD(connection_max), STR_INIT("10240"), 1, 100000,
	    STR_INIT("client connections at a time") },
	{ STR_INIT("max-memory"), STR_INIT("CLOUDWATCH_MCP_MAX_MEMORY"), NONE,
	    KIND_NUMBER, FIELD(memory_max), NONE, (int64_t)8 << 20,
	    (int64_t)64 << 30, STR_INIT("bytes for all requests together, "
	    "above it 503; default: 128 MiB, or half of the container's "
	    "limit where that is less") },
	{ STR_INIT("max-body"), STR_INIT("CLOUDWATCH_MCP_MAX_BODY"), NONE,
	    KIND_NUMBER, FIELD(body_max), STR_INIT("1048576"), 1024,
	    (int64_t)HTTP_BODY_MAX, STR_INIT("bytes of one request body") },
	{ STR_INIT("call-timeout"), STR_INIT("CLOUDWATCH_MCP_CALL_TIMEOUT"),
	    NONE, KIND_NUMBER, FIELD(call_timeout_s), STR_INIT("120"), 1,
	    3600, STR_INIT("seconds a tool call may take") },
	{ STR_INIT("quota-percent"), STR_INIT("CLOUDWATCH_MCP_QUOTA_PERCENT"),
	    NONE, KIND_NUMBER, FIELD(quota_percent), STR_INIT("90"), 0, 10000,
	    STR_INIT("calls of AWS wait to stay under this percentage of the "
	    "default quotas; 0: never") },
	{ STR_INIT("idle-timeout"), STR_INIT("CLOUDWATCH_MCP_IDLE_TIMEOUT"),
	    NONE, KIND_NUMBER, FIELD(idle_timeout_s), STR_INIT("75"), 1, 3600,
	    STR_INIT("seconds an idle client connection is kept") },
	{ STR_INIT("drain-timeout"), STR_INIT("CLOUDWATCH_MCP_DRAIN_TIMEOUT"),
	    NONE, KIND_NUMBER, FIELD(drain_timeout_s), STR_INIT("25"), 0,
	    3600, STR_INIT("seconds that running calls get after SIGTERM") },
	{ STR_INIT("drain-grace"), STR_INIT("CLOUDWATCH_MCP_DRAIN_GRACE"),
	    NONE, KIND_NUMBER, FIELD(drain_grace_s), STR_INIT("0"), 0, 3600,
	    STR_INIT("seconds after SIGTERM that new connections are still "
	    "taken while /ready says 503; 5 suits Kubernetes") },
	{ STR_INIT("allowed-origins"),
	    STR_INIT("CLOUDWATCH_MCP_ALLOWED_ORIGINS"), NONE, KIND_TEXT,
	    FIELD(allowed_origins), NONE, 1, 4096,
	    STR_INIT("browser origins besides localhost, comma-separated; * "
	    "allows any") },
	{ STR_INIT("allowed-hosts"), STR_INIT("CLOUDWATCH_MCP_ALLOWED_HOSTS"),
	    NONE, KIND_TEXT, FIELD(allowed_hosts), NONE, 1, 4096,
	    STR_INIT("Host names besides localhost on a loopback address; * "
	    "allows any") },
	{ NONE, STR_INIT("CLOUDWATCH_MCP_METRICS"), NONE, KIND_SWITCH,
	    FIELD(metrics), STR_INIT("true"), 0, 0,
	    STR_INIT("false: nothing is counted, and no /metrics") },
	{ STR_INIT("metrics-port"), STR_INIT("CLOUDWATCH_MCP_METRICS_PORT"),
	    NONE, KIND_PORT, FIELD(metrics_port), NONE, 0, 65535,
	    STR_INIT("serve /metrics on this port only; 0 takes a free one; "
	    "default: beside /mcp, open to everybody as /health is") },
	{ STR_INIT("metrics-host"), STR_INIT("CLOUDWATCH_MCP_METRICS_HOST"),
	    NONE, KIND_TEXT, FIELD(metrics_host), NONE, 1, 253,
	    STR_INIT("address of that port; default: that of --host") },
	{ STR_INIT("legacy-sse"), STR_INIT("CLOUDWATCH_MCP_LEGACY_SSE"), NONE,
	    KIND_SWITCH, FIELD(legacy_sse), NONE, 0, 0, STR_INIT("true: serve "
	    "the HTTP+SSE transport of 2024-11-05 at /sse, too; needs one "
	    "replica or sticky sessions") },
	{ NONE, STR_INIT("CLOUDWATCH_MCP_PAGE"), NONE, KIND_SWITCH,
	    FIELD(page), STR_INIT("true"), 0, 0,
	    STR_INIT("false: no page for people at /") },
	{ NONE, STR_INIT("ENABLE_AUTH"), STR_INIT("CLOUDWATCH_MCP_ENABLE_AUTH"),
	    KIND_TEXT, FIELD(enable_auth), NONE, 1, 5, STR_INIT("false: "
	    "answer everybody, whatever is set below; true: refuse to start "
	    "when nothing is; default: by what is set") },
	{ NONE, STR_INIT("AUTH_ISSUER"), NONE, KIND_TEXT, FIELD(issuer), NONE,
	    1, 1024, STR_INIT("OpenID issuer whose tokens callers bring "
	    "(JWT), exactly as in iss") },
	{ NONE, STR_INIT("AUTH_AUDIENCE"), NONE, KIND_TEXT, FIELD(audience),
	    NONE, 1, 4096, STR_INIT("audiences of which a token needs one, "
	    "comma-separated; for Cognito's access tokens the client ids") },
	{ NONE, STR_INIT("AUTH_JWKS_URI"), NONE, KIND_TEXT, FIELD(jwks_uri),
	    NONE, 1, 1024, STR_INIT("where the issuer's keys are; default: "
	    "by discovery") },
	{ NONE, STR_INIT("AUTH_SCOPES"), NONE, KIND_TEXT, FIELD(scopes), NONE,
	    1, 4096, STR_INIT("scopes that a token needs, all of them, "
	    "comma-separated") },
	{ NONE, STR_INIT("AUTH_GROUPS"), NONE, KIND_TEXT, FIELD(groups), NONE,
	    1, 4096, STR_INIT("groups of which the caller has to be in one") },
	{ NONE, STR_INIT("AWS_IDENTITY_CENTER_ISSUER"), NONE, KIND_TEXT,
	    FIELD(center_issuer), NONE, 1, 1024, STR_INIT("one more issuer, "
	    "with...") },
	{ NONE, STR_INIT("AWS_IDENTITY_CENTER_CLIENT_ID"), NONE, KIND_TEXT,
	    FIELD(center_client_id), NONE, 1, 4096,
	    STR_INIT("...its audience") },
	{ NONE, STR_INIT("AUTH_ISSUERS_FILE"),
	    STR_INIT("CLOUDWATCH_MCP_AUTH_ISSUERS_FILE"), KIND_TEXT,
	    FIELD(issuers_file), NONE, 1, 4096, STR_INIT("JSON with any number "
	    "of issuers, and what their groups may do") },
	{ NONE, STR_INIT("AUTH_PUBLIC_URL"),
	    STR_INIT("CLOUDWATCH_MCP_PUBLIC_URL"), KIND_TEXT,
	    FIELD(public_url), NONE, 8, 1024, STR_INIT("URL of this server as "
	    "clients have it, without /mcp; default: as a request has it") },
	{ NONE, STR_INIT("AUTH_TOKEN_HEADER"), NONE, KIND_TEXT,
	    FIELD(token_header), NONE, 1, 128, STR_INIT("header with the "
	    "token, where a gateway keeps Authorization") },
	{ NONE, STR_INIT("AWS_CLOUDWATCH_ROLE_ARN"), NONE, KIND_TEXT,
	    FIELD(role_arn), NONE, 20, 2048, STR_INIT("role that callers with "
	    "a token of an issuer read AWS with, instead of this server's "
	    "own credentials") },
	{ NONE, STR_INIT("AWS_CLOUDWATCH_ROLE_DURATION"), NONE, KIND_NUMBER,
	    FIELD(role_duration_s), STR_INIT("3600"), 900, 43200,
	    STR_INIT("seconds of such a session") },
	{ NONE, STR_INIT("AUTH_TOKENS_FILE"),
	    STR_INIT("CLOUDWATCH_MCP_AUTH_TOKENS_FILE"), KIND_TEXT,
	    FIELD(tokens_file), NONE, 1, 4096, STR_INIT("callers and their "
	    "bearer tokens, label:token[:tools[:profiles]] a line; read again "
	    "when it changes") },
	{ NONE, STR_INIT("AUTH_SIGV4_KEYS_FILE"),
	    STR_INIT("CLOUDWATCH_MCP_AUTH_SIGV4_KEYS_FILE"), KIND_TEXT,
	    FIELD(sigv4_keys_file), NONE, 1, 4096, STR_INIT("callers that "
	    "sign (SigV4), label:access-key:secret[:tools[:profiles]] a line; "
	    "read again when it changes") },
	{ NONE, STR_INIT("AUTH_SIGV4_REGION"), NONE, KIND_TEXT,
	    FIELD(sigv4_region), NONE, 1, 63,
	    STR_INIT("region they have to sign for; default: any") },
	{ NONE, STR_INIT("AUTH_SIGV4_SERVICE"), NONE, KIND_TEXT,
	    FIELD(sigv4_service), NONE, 1, 63,
	    STR_INIT("service they have to sign for; default: any") },
	{ NONE, STR_INIT("AUTH_SIGV4_HOST"), NONE, KIND_TEXT,
	    FIELD(sigv4_host), NONE, 1, 253, STR_INIT("Host they sign, where "
	    "a gateway changes it") },
	{ NONE, STR_INIT("AUTH_STS_ROLES"),
	    STR_INIT("CLOUDWATCH_MCP_AUTH_STS_ROLES"), KIND_TEXT,
	    FIELD(sts_roles), NONE, 1, 32768, STR_INIT("AWS roles and users "
	    "that may call by a presigned GetCallerIdentity, comma-separated: "
	    "ARNs, * for any bytes, or account:<id>") },
	{ NONE, STR_INIT("AUTH_STS_SERVER_ID"),
	    STR_INIT("CLOUDWATCH_MCP_AUTH_STS_SERVER_ID"), KIND_TEXT,
	    FIELD(sts_server_id), NONE, 1, 253, STR_INIT("name of this "
	    "deployment, which they sign as x-cloudwatch-mcp-id") },
	{ NONE, STR_INIT("AUTH_PROXY_NETWORKS"), NONE, KIND_TEXT,
	    FIELD(proxy_networks), NONE, 1, 4096, STR_INIT("networks whose "
	    "gateways are believed, comma-separated: 10.0.0.0/8,fd00::/8") },
	{ NONE, STR_INIT("AUTH_PROXY_HEADER"), NONE, KIND_TEXT,
	    FIELD(proxy_header), NONE, 1, 64, STR_INIT("header in which they "
	    "name the caller; they have to set it on every request") },
	{ NONE, STR_INIT("AUTH_PROXY_EMAIL_HEADER"), NONE, KIND_TEXT,
	    FIELD(proxy_email_header), NONE, 1, 64,
	    STR_INIT("header with the caller's e-mail address") },
	{ NONE, STR_INIT("AUTH_PROXY_GROUPS_HEADER"), NONE, KIND_TEXT,
	    FIELD(proxy_groups_header), NONE, 1, 64,
	    STR_INIT("header with the caller's groups, comma-separated") },
	{ NONE, STR_INIT("AUTH_ALB_ARN"), NONE, KIND_TEXT, FIELD(alb_arn),
	    NONE, 1, 4096, STR_INIT("load balancers whose signed "
	    "x-amzn-oidc-data is believed, comma-separated; with "
	    "AUTH_PROXY_NETWORKS from there only") },
	{ NONE, STR_INIT("AUTH_ALB_CLIENT_ID"), NONE, KIND_TEXT,
	    FIELD(alb_client_id), NONE, 1, 256, STR_INIT("client of the "
	    "identity provider they sign in for; default: any") },
	{ NONE, STR_INIT("AUTH_ALB_KEYS_URL"), NONE, KIND_TEXT,
	    FIELD(alb_keys_url), NONE, 1, 900, STR_INIT("where their public "
	    "keys are; default: in the ARN's region of AWS") },
	{ NONE, STR_INIT("AUTH_CALLER_CREDENTIALS"), NONE, KIND_SWITCH,
	    FIELD(caller_credentials), NONE, 0, 0, STR_INIT("true: callers "
	    "may bring temporary AWS credentials, over TLS or from this "
	    "machine: base64 JSON in X-AWS-Credentials or as bearer token") },
	{ STR_INIT("rate-limit"), STR_INIT("CLOUDWATCH_MCP_RATE_LIMIT"), NONE,
	    KIND_NUMBER, FIELD(rate_limit), STR_INIT("0"), 0, 100000,
	    STR_INIT("calls of tools that one caller may make in a minute; 0: "
	    "any number") },
	{ STR_INIT("json"), NONE, NONE, KIND_SWITCH, FIELD(json), NONE, 0, 0,
	    STR_INIT("doctor only: the report as JSON") },
	{ STR_INIT("markdown"), NONE, NONE, KIND_SWITCH, FIELD(markdown), NONE,
	    0, 0, STR_INIT("tools only: the reference as Markdown") },
	{ STR_INIT("sbom"), NONE, NONE, KIND_SWITCH, FIELD(sbom), NONE, 0, 0,
	    STR_INIT("version only: what the program is made of (SPDX 2.3)") },
	{ STR_INIT("notices"), NONE, NONE, KIND_SWITCH, FIELD(notices), NONE,
	    0, 0, STR_INIT("version only: licences of what it contains") },
	{ STR_INIT("fault"), NONE, NONE, KIND_TEXT, FIELD(fault), NONE, 1, 256,
	    STR_INIT("demo-endpoint only: faults to inject") },
#define NOTE(name, text) \
	{ NONE, STR_INIT(name), NONE, KIND_NOTE, 0, NONE, 0, 0, \
	    STR_INIT(text) },
	NOTE("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
	    "static or temporary keys")
	NOTE("AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
	    "web identity (IRSA)")
	NOTE("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, ..._FULL_URI",
	    "ECS task role, EKS Pod Identity")
	NOTE("AWS_EC2_METADATA_DISABLED", "true: never ask the EC2 metadata "
	    "service")
	NOTE("AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE",
	    "profile files; ~/.aws/config and ~/.aws/credentials otherwise")
	NOTE("CLOUDWATCH_MCP_ACCOUNTS_FILE, AWS_ACCOUNT_ROLES_FILE",
	    "list of accounts (YAML or JSON) whose names are profiles; read "
	    "with every call")
	NOTE("CLOUDWATCH_MCP_ACCOUNTS_ROLE", "role in each of them that names "
	    "none (EKSMultiAccountMCPRole)")
	NOTE("AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDWATCH, "
	    "..._CLOUDWATCH_LOGS, ..._STS", "other endpoints")
	NOTE("AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT",
	    "true: FIPS or dual-stack host names")
	NOTE("AWS_MAX_ATTEMPTS", "attempts of one AWS call (3)")
	NOTE("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "outbound proxy")
	NOTE("AWS_CA_BUNDLE, SSL_CERT_FILE", "PEM file that replaces the "
	    "compiled-in certificate authorities")
#undef NOTE
};

#define ROW_N (sizeof(rows) / sizeof(rows[0]))

struct command {
	struct str name;
	enum config_command command;
	struct str words;
	size_t arg_min, arg_max;
	struct str text;
};

static const struct command commands[] = {
	{ STR_INIT("tools"), CONFIG_TOOLS, STR_INIT("[TOOL]"), 0, 1,
	    STR_INIT("list the tools, or describe one") },
	{ STR_INIT("call"), CONFIG_CALL, STR_INIT("TOOL ['JSON']"), 1, 2,
	    STR_INIT("run one tool and print its result; exit 1 on an error") },
	{ STR_INIT("health"), CONFIG_HEALTH, STR_INIT(""), 0, 0,
	    STR_INIT("ask the server on this host and port; exit 0 if it "
	    "answers") },
	{ STR_INIT("doctor"), CONFIG_DOCTOR, STR_INIT(""), 0, 0,
	    STR_INIT("look for what keeps this deployment from working; exit "
	    "1 if there is something") },
	{ STR_INIT("demo-endpoint"), CONFIG_DEMO_ENDPOINT, STR_INIT(""), 0, 0,
	    STR_INIT("serve the demo account in AWS's own protocols") },
	{ STR_INIT("help"), CONFIG_HELP, STR_INIT(""), 0, 0,
	    STR_INIT("this text") },
	{ STR_INIT("version"), CONFIG_VERSION,
	    STR_INIT("[--sbom | --notices]"), 0, 0,
	    STR_INIT("the version; what the program is made of") },
};

#define COMMAND_N (sizeof(commands) / sizeof(commands[0]))

/* What a value came from, as a person would write it: --port or the name of
 * the variable. */
struct origin {
	bool flag;
	struct str name;
};

/* The port of Kubernetes' tcp://10.0.0.1:3334; other text stays as it is. */
static struct str
service_port(struct str value)
{
	size_t at = value.len;

	if (!str_starts(value, S("tcp://"))) {
		return value;
	}
	while (at > 0 && value.p[at - 1] != ':') {
		at--;
	}
	return str_sub(value, at, value.len);
}

static enum err
set_number(int64_t *out, const struct row *row, struct str value,
    struct origin from, struct fail *f)
{
	struct str digits = value;

	if (row->kind == KIND_PORT) {
		digits = service_port(value);
	}
	if (!str_i64(digits, row->min, row->max, out)) {
		return fail_setf(f, ERR_CONFIG, "%s%s is '%s'; it must be a "
		    "whole number from %d to %d", from.flag ? S("--") : S(""),
		    from.name, value, row->min, row->max);
	}
	return ERR_OK;
}

static enum err
set_level(int64_t *out, struct str value, struct origin from, struct fail *f)
{
	enum log_level level = LOG_ERROR;

	/* FastMCP's CRITICAL is what ERROR is here. */
	if (!str_ieq(value, S("CRITICAL")) &&
	    !log_level_parse(value, &level)) {
		return fail_setf(f, ERR_CONFIG, "%s%s is '%s'; it must be "
		    "ERROR, WARNING, INFO or DEBUG", from.flag ? S("--") :
		    S(""), from.name, value);
	}
	*out = level;
	return ERR_OK;
}

static enum err
set_text(struct str *out, const struct row *row, struct str value,
    struct origin from, struct fail *f)
{
	if (value.len < (size_t)row->min || value.len > (size_t)row->max) {
		return fail_setf(f, ERR_CONFIG, "%s%s has %u bytes; %u to %u "
		    "are allowed", from.flag ? S("--") : S(""), from.name,
		    (uint64_t)value.len, (uint64_t)row->min,
		    (uint64_t)row->max);
	}
	*out = value;
	return ERR_OK;
}

/* A flag has no value; a variable has one. */
static enum err
set_switch(bool *out, struct str value, struct origin from, struct fail *f)
{
	bool off = str_ieq(value, S("false")) || str_eq(value, S("0"));

	if (!from.flag && !off && !str_ieq(value, S("true")) &&
	    !str_eq(value, S("1"))) {
		return fail_setf(f, ERR_CONFIG, "%s is '%s'; it must be true "
		    "or false", from.name, value);
	}
	*out = from.flag || !off;
	return ERR_OK;
}

/* Stores one value into the row's field. */
static enum err
set(struct config *c, const struct row *row, struct str value,
    struct origin from, struct fail *f)
{
	void *field = (char *)c + row->field;

	switch (row->kind) {
	case KIND_SWITCH:
		return set_switch(field, value, from, f);
	case KIND_NUMBER:
	case KIND_PORT:
		return set_number(field, row, value, from, f);
	case KIND_LEVEL:
		return set_level(field, value, from, f);
	case KIND_TEXT:
		return set_text(field, row, value, from, f);
	case KIND_NOTE:
		break;
	}
	return ERR_OK;
}

/* Defaults first, then the environment; flags come later and win. */
static enum err
from_environment(struct config *c, config_env_fn env, void *ctx,
    struct fail *f)
{
	for (size_t i = 0; i < ROW_N; i++) {
		const struct row *row = &rows[i];
		struct origin from = { false, row->env };
		struct str value = STR_NONE;

		if (row->kind == KIND_NOTE) {
			continue;
		}
		if (row->env.p != NULL) {
			value = env(ctx, row->env);
		}
		if (value.len == 0 && row->env_old.p != NULL) {
			from.name = row->env_old;
			value = env(ctx, row->env_old);
		}
		if (value.len == 0) {
			value = row->fallback;
		}
		if (value.len > 0 && set(c, row, value, from, f) != ERR_OK) {
			return ERR_CONFIG;
		}
	}
	return ERR_OK;
}

static enum err
unknown(struct fail *f, const char *what, struct str word, struct str nearest)
{
	if (nearest.p == NULL) {
		return fail_setf(f, ERR_CONFIG, "%s '%s' is not known; see "
		    "--help", str_from_z(what), word);
	}
	return fail_setf(f, ERR_CONFIG, "%s '%s' is not known; did you mean "
	    "'%s'? See --help", str_from_z(what), word, nearest);
}

static const struct row *
find_flag(struct str name, struct str *nearest)
{
	size_t best = name.len / 3 + 1;

	*nearest = STR_NONE;
	for (size_t i = 0; i < ROW_N; i++) {
		size_t distance;

		if (rows[i].flag.p == NULL) {
			continue;
		}
		distance = str_distance(rows[i].flag, name);
		if (distance == 0 && str_eq(rows[i].flag, name)) {
			return &rows[i];
		}
		if (distance <= best) {
			best = distance;
			*nearest = rows[i].flag;
		}
	}
	return NULL;
}

/* Takes one flag at words[*at]; moves *at to its last word. */
static enum err
take_flag(struct config *c, const struct str *words, size_t n, size_t *at,
    struct fail *f)
{
	struct str rest = str_sub(words[*at], 2, words[*at].len);
	struct str name = str_cut(&rest, '=');
	struct str nearest;
	const struct row *row = find_flag(name, &nearest);

	if (str_eq(name, S("help"))) {
		c->command = CONFIG_HELP;
		return ERR_OK;
	}
	if (str_eq(name, S("version"))) {
		c->command = CONFIG_VERSION;
		return ERR_OK;
	}
	if (row == NULL) {
		return unknown(f, "option", words[*at], nearest);
	}
	if (row->kind == KIND_SWITCH) {
		if (rest.p != NULL) {
			return fail_setf(f, ERR_CONFIG, "--%s takes no value",
			    name);
		}
		return set(c, row, name, (struct origin){ true, name }, f);
	}
	if (rest.p == NULL) {
		if (*at + 1 == n) {
			return fail_setf(f, ERR_CONFIG, "--%s needs a value",
			    name);
		}
		rest = words[++*at];
	}
	c->region_given |= row->field == FIELD(region);
	c->profile_given |= row->field == FIELD(profile);
	return set(c, row, rest, (struct origin){ true, name }, f);
}

static enum err
take_command(struct config *c, struct str word, struct fail *f)
{
	struct str nearest = STR_NONE;
	size_t best = 3;

	for (size_t i = 0; i < COMMAND_N; i++) {
		size_t distance = str_distance(commands[i].name, word);

		if (str_eq(commands[i].name, word)) {
			c->command = commands[i].command;
			return ERR_OK;
		}
		if (distance < best) {
			best = distance;
			nearest = commands[i].name;
		}
	}
	return unknown(f, "command", word, nearest);
}

static enum err
check_words(const struct config *c, struct fail *f)
{
	for (size_t i = 0; i < COMMAND_N; i++) {
		const struct command *row = &commands[i];

		if (row->command != c->command) {
			continue;
		}
		if (c->arg_n < row->arg_min || c->arg_n > row->arg_max) {
			return fail_setf(f, ERR_CONFIG, "usage: cloudwatch-mcp "
			    "%s %s", row->name, row->words);
		}
	}
	return ERR_OK;
}

/* see config.h */
enum err
config_parse(struct config *c, const struct str *words, size_t word_n,
    config_env_fn env, void *env_ctx, struct arena *a, struct fail *f)
{
	struct str *args = ARENA_ARRAY(a, word_n, struct str);
	bool commanded = false;
	bool literal = false;
	enum err err;

	*c = (struct config){ .command = CONFIG_SERVE, .args = args,
	    .metrics_port = -1 };
	if (args == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	err = from_environment(c, env, env_ctx, f);
	for (size_t i = 0; err == ERR_OK && i < word_n; i++) {
		if (!literal && str_eq(words[i], S("--"))) {
			literal = true;
		} else if (!literal && str_eq(words[i], S("-h"))) {
			c->command = CONFIG_HELP;
			return ERR_OK;
		} else if (!literal && str_starts(words[i], S("--"))) {
			err = take_flag(c, words, word_n, &i, f);
		} else if (!commanded) {
			commanded = true;
			err = take_command(c, words[i], f);
		} else {
			args[c->arg_n++] = words[i];
		}
		if (c->command == CONFIG_HELP ||
		    (c->command == CONFIG_VERSION &&
		    str_eq(words[i], S("--version")))) {
			return ERR_OK;
		}
	}
	if (err != ERR_OK) {
		return err;
	}
	if ((c->tls_cert.len > 0) != (c->tls_key.len > 0)) {
		return fail_set(f, ERR_CONFIG, 0, S("CLOUDWATCH_MCP_TLS_CERT "
		    "(--tls-cert) and CLOUDWATCH_MCP_TLS_KEY (--tls-key) are "
		    "set together or not at all"));
	}
	return check_words(c, f);
}

static void
pad_to(struct buf *out, size_t start, size_t column)
{
	size_t width = out->len - start;

	buf_fill(out, ' ', width < column ? column - width : 1);
}

/* Column of the texts in --help, and its width. */
#define HELP_COLUMN 28
#define HELP_WIDTH 80

/* Words of text from HELP_COLUMN on, broken before HELP_WIDTH. */
static void
help_text(struct buf *out, struct str text)
{
	size_t column = HELP_COLUMN;

	while (text.p != NULL) {
		struct str word = str_cut(&text, ' ');

		if (column + word.len >= HELP_WIDTH) {
			buf_add_byte(out, '\n');
			buf_fill(out, ' ', HELP_COLUMN);
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			buf_add_byte(out, ' ');
		}
		buf_add(out, word);
		column += word.len + 1;
	}
	buf_add_byte(out, '\n');
}

static void
help_row(struct buf *out, const struct row *row)
{
	size_t start = out->len;

	buf_add(out, S("  "));
	if (row->flag.p == NULL) {
		buf_addf(out, "%s\n", row->env);
		buf_fill(out, ' ', HELP_COLUMN);
		help_text(out, row->text);
		return;
	}
	buf_addf(out, "--%s", row->flag);
	if (row->kind != KIND_SWITCH) {
		buf_add(out, S(" VALUE"));
	}
	pad_to(out, start, HELP_COLUMN);
	help_text(out, row->text);
	if (row->fallback.p != NULL) {
		buf_fill(out, ' ', HELP_COLUMN);
		buf_addf(out, "default: %s\n", row->fallback);
	}
	if (row->env.p != NULL) {
		buf_fill(out, ' ', HELP_COLUMN);
		buf_add(out, row->env);
		if (row->env_old.p != NULL) {
			buf_addf(out, ", %s", row->env_old);
		}
		buf_add_byte(out, '\n');
	}
}

/* see config.h */
void
config_help(struct buf *out)
{
	bool noted = false;

	buf_add(out, S("cloudwatch-mcp: AWS CloudWatch for AI assistants over "
	    "the Model Context Protocol\n\n"
	    "  cloudwatch-mcp [OPTION...]            serve MCP over HTTP\n"
	    "  cloudwatch-mcp --stdio [OPTION...]    serve MCP on standard "
	    "input and output\n"));
	for (size_t i = 0; i < COMMAND_N; i++) {
		buf_addf(out, "  cloudwatch-mcp %s%s%s\n", commands[i].name,
		    commands[i].words.len > 0 ? S(" ") : S(""),
		    commands[i].words);
		buf_fill(out, ' ', HELP_COLUMN);
		help_text(out, commands[i].text);
	}
	buf_add(out, S("\nOptions (a flag wins over the environment):\n"));
	for (size_t i = 0; i < ROW_N; i++) {
		if (rows[i].kind == KIND_NOTE && !noted) {
			noted = true;
			buf_add(out, S("\nAWS environment, as every AWS tool "
			    "reads it:\n"));
		}
		help_row(out, &rows[i]);
	}
}

/* see config.h */
void
config_markdown(struct buf *out)
{
	buf_add(out, S("| flag | environment | default | meaning |\n"
	    "|---|---|---|---|\n"));
	for (size_t i = 0; i < ROW_N; i++) {
		const struct row *row = &rows[i];

		buf_add(out, S("| "));
		if (row->flag.p != NULL) {
			buf_addf(out, "`--%s`", row->flag);
		}
		buf_add(out, S(" | "));
		if (row->env.p != NULL) {
			buf_addf(out, "`%s`", row->env);
		}
		if (row->env_old.p != NULL) {
			buf_addf(out, ", `%s`", row->env_old);
		}
		buf_addf(out, " | %s | %s |\n", row->fallback, row->text);
	}
}
