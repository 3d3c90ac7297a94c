/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line and environment -> struct config. Pure: both come in as values.
 *
 * One table (config.c) names every setting once: flag, environment variables,
 * default, range, text. It drives parsing, validation, --help and the README's
 * settings table, so the four cannot drift apart.
 *
 * A flag wins over the environment; an empty environment variable counts as
 * unset, because manifests and compose files write KEY= for "nothing". A bad
 * value stops the start with one sentence that names where it came from.
 *
 * One trap is handled on purpose: beside a Service named cloudwatch-mcp,
 * Kubernetes puts CLOUDWATCH_MCP_PORT=tcp://10.0.0.1:3334 into every pod of
 * the namespace. The port is taken from that form.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum config_command {
	CONFIG_SERVE,         /* HTTP, or stdio with --stdio; the default */
	CONFIG_TOOLS,         /* list the tools, or describe one */
	CONFIG_CALL,          /* run one tool, print its result */
	CONFIG_HEALTH,        /* ask a running server; for container checks */
	CONFIG_DOCTOR,        /* find out why a deployment does not work */
	CONFIG_DEMO_ENDPOINT, /* serve the demo account in AWS's wire format */
	CONFIG_HELP,
	CONFIG_VERSION
};

struct config {
	enum config_command command;
	const struct str *args; /* words behind the command */
	size_t arg_n;
	bool stdio;
	bool demo;
	bool json;              /* doctor: the report as JSON */
	bool markdown;          /* tools: as the README shows them */
	bool sbom;              /* version: the bill of materials */
	bool notices;           /* version: licences of what is in it */
	struct str host;
	int64_t port;
	struct str tls_cert;    /* PEM file of our chain; absent: http */
	struct str tls_key;     /* PEM file of its key */
	int64_t log_level;      /* enum log_level */
	struct str region;      /* --region or AWS_REGION; absent: elsewhere */
	struct str profile;     /* --profile or AWS_PROFILE; absent: default */
	bool region_given;      /* --region: the flag */
	bool profile_given;     /* --profile: it demotes environment keys */
	struct str profiles;    /* that a call may name; absent: all */
	int64_t worker_n;
	int64_t queue_n;
	int64_t connection_max;
	int64_t memory_max;     /* bytes, the global budget; 0: not given */
	int64_t body_max;       /* bytes of one inbound body */
	int64_t call_timeout_s; /* longest tool call */
	int64_t quota_percent;  /* of AWS's request quotas; 0: not paced */
	int64_t idle_timeout_s; /* keep-alive connection without a request */
	int64_t drain_timeout_s;
	int64_t drain_grace_s;  /* after SIGTERM, still accepting */
	struct str tools;       /* families and tools to offer; absent: all */
	struct str tools_deny;  /* those not to offer */
	struct str allowed_origins; /* comma-separated; "*": any */
	struct str allowed_hosts;   /* comma-separated; "*": any */
	bool images;            /* offer tools that answer with images */
	bool page;              /* browsers get the page at / */
	bool legacy_sse;        /* serve the HTTP+SSE transport as well */
	bool metrics;           /* serve /metrics */
	bool caller_credentials; /* callers may bring AWS credentials */
	int64_t metrics_port;   /* on a listener of its own; -1: no */
	struct str metrics_host; /* its address; absent: as host */
	struct str enable_auth; /* true, false; absent: by what is set */
	struct str center_issuer, center_client_id; /* an OpenID issuer */
	struct str issuer, audience, jwks_uri, scopes, groups; /* another */
	struct str issuers_file; /* more of them, and who may do what */
	struct str public_url;   /* of this server, for its clients */
	struct str token_header; /* where tokens are, besides Authorization */
	struct str role_arn;     /* to read AWS with a caller's token */
	int64_t role_duration_s; /* of such a session */
	int64_t rate_limit;      /* calls a minute of one caller; 0: any */
	struct str tokens_file; /* static bearer tokens */
	struct str sigv4_keys_file; /* keys that callers sign with */
	struct str sigv4_region, sigv4_service; /* their scope; absent: any */
	struct str sigv4_host;  /* what they sign as Host; absent: as sent */
	struct str sts_roles;   /* ARNs known to STS that may call */
	struct str sts_server_id; /* what their tokens are signed for */
	struct str proxy_networks; /* gateways are believed from there */
	struct str proxy_header, proxy_email_header, proxy_groups_header;
	struct str alb_arn, alb_client_id, alb_keys_url; /* load balancers */
	struct str fault;       /* demo-endpoint: injected faults */
};

/* How a value of the environment is looked up; absent when unset. */
typedef struct str (*config_env_fn)(void *ctx, struct str name);

/* Fills c from the words behind argv[0] and the environment. Slices point into
 * both and into the arena. ERR_CONFIG with the sentence in f. */
enum err config_parse(struct config *c, const struct str *words, size_t word_n,
    config_env_fn env, void *env_ctx, struct arena *a, struct fail *f)
    MUST_USE;

/* The text of --help. */
void config_help(struct buf *out);
/* The settings as a Markdown table, for the README. */
void config_markdown(struct buf *out);

#endif
