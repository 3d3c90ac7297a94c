/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One API call to AWS: find keys and endpoint, sign, send, retry, decode.
 *
 *	struct aws_scope s;
 *
 *	aws_scope_init(&s, aws, arena, fail, deadline_ms, cancel);
 *	err = aws_scope_open(&s, profile_arg, region_arg);
 *	if (err == ERR_OK) {
 *		err = aws_call(&s, &logs_start_query, body, &reply);
 *	}
 *
 * JSON protocols (1.0 for CloudWatch, 1.1 for Logs), and GET with a path and a
 * query for CloudWatch's Prometheus-compatible paths. STS speaks XML and has
 * aws/sts, but answers a GET in JSON. Names here begin with aws_: this file is
 * the folder's face.
 *
 * Retries follow the SDKs' "standard mode": three attempts (AWS_MAX_ATTEMPTS),
 * exponential backoff with full jitter up to 20 s, a bucket of 500 tokens that
 * a retry draws 5 from (10 after a timeout) and a success pays back into,
 * x-amz-retry-after and Retry-After honoured. Retried are connection errors,
 * timeouts, 500, 502, 503, 504, and throttling in all its spellings. All
 * operations this program uses are reads or idempotent, so a request that may
 * have reached AWS is repeated too.
 *
 * Two repairs happen once per call on top of that: a clock that is wrong by
 * four minutes or more is corrected by the Date of the answer (and the offset
 * kept for later calls), and keys that AWS calls expired are dropped and
 * looked up again.
 *
 * Requests of all threads together are kept under AWS's quotas (aws/pace.h): a
 * request waits for its turn, and a call whose deadline comes before that ends
 * at once with ERR_AWS_THROTTLED.
 *
 * A request that came with a trace context sends it on, unsigned as SigV4 wants
 * of what proxies may change: each attempt is a span of its own when the trace
 * is sampled, else the context goes as it came. AWS documents no use of it, but
 * what stands between does (gateways of AWS_ENDPOINT_URL, meshes, proxies).
 *
 * Errors are sentences for people: operation, region, what happened, the next
 * step. They go to scope->fail (or job->fail).
 */
#ifndef AWS_CALL_H
#define AWS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/caller.h"
#include "aws/creds.h"
#include "aws/endpoint.h"
#include "aws/pace.h"
#include "aws/profile.h"
#include "aws/sts.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/meter.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/json.h"
#include "proto/sigv4.h"
#include "proto/trace.h"

/* Process-wide state. The first part is set before the first call; the rest is
 * guarded by SYS_LOCK_AWS. Fill it with aws_init(). */
struct aws {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log;   /* may be NULL */
	struct creds *creds;     /* the chain; may be NULL with `keys` */
	const struct creds_keys *keys; /* not NULL: used instead of the chain
	                          * (the demo account, tests) */
	struct str profile;      /* --profile; absent: environment or default */
	struct str profiles;     /* patterns of the profiles that a call may
	                          * name, comma-separated; absent: all */
	struct str region;       /* --region or AWS_REGION; may be absent */
	struct str user_agent;   /* value of User-Agent */
	struct meter *meter;     /* counts; may be NULL */
	int64_t attempt_max;     /* AWS_MAX_ATTEMPTS; 0: profile, else 3 */
	int64_t quota_percent;   /* of AWS's quotas that is used, see aws/pace;
	                          * 0: requests are not paced */
	/* guarded */
	int64_t tokens;          /* of the retry bucket */
	struct pace pace;        /* turns under AWS's quotas */
	int64_t clock_offset_ms; /* AWS's clock minus ours */
	struct sigv4_cache signing_keys;
	struct aws_account {
		uint8_t id[ENC_SHA256_LEN]; /* hash of an access key id */
		char digits[12];            /* its account */
		size_t digit_n;             /* 0: STS did not say */
		int64_t until_ms;           /* monotonic; 0: empty slot */
	} accounts[AWS_ACCOUNT_N];
	unsigned account_next;   /* slot to overwrite */
	char instance_region[AWS_REGION_MAX]; /* of the EC2 metadata */
	size_t instance_region_len; /* 0: not asked, or none */
	int64_t instance_again_ms;  /* monotonic: no look before; 0: never */
};

/* Reads AWS_MAX_ATTEMPTS and AWS_RETRY_MODE, checks the settings of region and
 * endpoints (endpoint_check()) and fills the bucket; the caller has set sys,
 * transport, log, creds, profile, region and user_agent. ERR_CONFIG and
 * ERR_REGION name a bad value. */
enum err aws_init(struct aws *aws, struct fail *f) MUST_USE;

/* One account and region for the time of one request. */
struct aws_scope {
	struct aws *aws;
	struct arena *arena;
	struct fail *fail;
	int64_t deadline_ms;         /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
	unsigned *call_n;            /* counts requests sent; may be NULL */
	uint64_t number;             /* of the request in the log; 0: none. Set
	                              * after aws_scope_init(), if at all */
	const struct aws_caller *caller; /* the same; NULL: this server */
	const struct trace *trace;   /* the same; may be NULL */
	/* set by aws_scope_open() */
	struct profile_set files;
	struct str profile;          /* effective name, "default" where none */
	struct str profile_arg;      /* as the caller named it; may be absent */
	struct str region;           /* effective */
	int64_t attempt_max;
	/* set by the first call that needed keys */
	struct str account_id;       /* where the chain knows it; aws_identity()
	                              * finds it always */
	struct str source;           /* where the keys came from, for people */
};

/* Starts a scope; *call_n (may be NULL) will count requests. */
void aws_scope_init(struct aws_scope *s, struct aws *aws, struct arena *a,
    struct fail *f, int64_t deadline_ms, const struct cancel *cancel,
    unsigned *call_n);
/* Decides profile and region; arguments may be absent. Reads the two AWS files
 * but finds no keys yet. ERR_PROFILE (also for a name that this call may not
 * use), ERR_REGION, ERR_NOMEM. */
enum err aws_scope_open(struct aws_scope *s, struct str profile_arg,
    struct str region_arg) MUST_USE;
/* The two halves of it, for a call with many profiles: reads the files, and
 * decides, as often as is wanted on copies. */
enum err aws_scope_load(struct aws_scope *s) MUST_USE;
enum err aws_scope_choose(struct aws_scope *s, struct str profile_arg,
    struct str region_arg) MUST_USE;
/* Finds the keys, so that a later call has them at hand. Errors of
 * creds_get(). */
enum err aws_scope_keys(struct aws_scope *s) MUST_USE;
/* Whether calls of this scope may name that profile: the one rule for tools
 * and lists. What a profile draws on (source_profile) is its own business. */
bool aws_profile_allowed(const struct aws_scope *s, struct str name);
/* The same scope in another region, with the same fail. ERR_REGION. */
enum err aws_scope_region(const struct aws_scope *s, struct str region,
    struct aws_scope *out) MUST_USE;

/* One operation of a JSON service: {service, name}. */
struct aws_op {
	enum endpoint_service service; /* ENDPOINT_CLOUDWATCH, ENDPOINT_LOGS,
	                          * ENDPOINT_LOGS_STREAM; by GET ENDPOINT_STS
	                          * as well */
	struct str name;               /* "DescribeAlarms": also its IAM name */
};

/* What makes an operation a GET, with answers and errors of Prometheus's form,
 * in place of a POST of JSON. */
struct aws_get {
	struct str path;         /* "/api/v1/query", encoded; goes below the
	                          * path of the endpoint */
	struct str query;        /* encoded, without '?' */
};

/* What came back. */
struct aws_reply {
	const struct json *json; /* the object; NULL unless ERR_OK */
	struct str code;         /* AWS's error code, "ThrottlingException",
	                          * or Prometheus's, "bad_data", where it
	                          * answered with one; else absent */
	struct str message;      /* AWS's own words for it, fault_message() */
	const struct json *error; /* the error object, for other members: its
	                          * message may hold a session token */
	struct str request_id;   /* x-amzn-RequestId; may be absent */
	int status;              /* HTTP; 0: no answer */
	unsigned attempt_n;      /* requests sent for this call */
};

/* Calls and waits for the end. body is a JSON object. The tree lives in the
 * arena. ERR_AWS_* by what AWS said; ERR_AWS_REPLY: an answer that is not a
 * JSON object; ERR_DNS, ERR_CONNECT, ERR_TIMEOUT, ERR_TLS* ... from the
 * transport; ERR_CREDENTIALS, ERR_PROFILE ... from the chain; ERR_CONFIG,
 * ERR_CANCELLED, ERR_NOMEM. reply->code and message are set where AWS gave
 * them, whatever the result. */
enum err aws_call(struct aws_scope *s, const struct aws_op *op,
    struct str body, struct aws_reply *reply) MUST_USE;

/* The same as a GET. */
enum err aws_call_get(struct aws_scope *s, const struct aws_op *op,
    const struct aws_get *get, struct aws_reply *reply) MUST_USE;

/* One of several calls at once. */
struct aws_job {
	struct aws_scope *scope; /* several jobs may share one */
	const struct aws_op *op;
	struct str body;
	const struct aws_get *get;   /* not NULL: no body, a GET */
	struct transport_sink *sink; /* may be NULL; see aws_call_stream() */
	struct aws_reply reply;
	enum err err;
	struct fail fail;        /* its own: scope->fail stays untouched */
};

/* Calls an operation whose answer is a stream of bytes for the sink, which
 * ends it when it has enough. The scope's deadline counts for the whole: it
 * ends the stream with ERR_TIMEOUT, and whether that is a failure the caller
 * knows. Once bytes were handed over nothing is retried. reply->json is NULL
 * whatever happens; the rest as aws_call(). */
enum err aws_call_stream(struct aws_scope *s, const struct aws_op *op,
    struct str body, struct transport_sink *sink, struct aws_reply *reply)
    MUST_USE;

/* Runs n jobs (1..EXCHANGE_MANY_MAX) at the same time, each with its own
 * retries and result. All scopes belong to one `struct aws`, and all arenas to
 * the calling thread. */
void aws_call_many(struct aws_job *jobs, size_t n);

/* Who the scope's keys belong to (sts:GetCallerIdentity). Also sets
 * scope->account_id. Errors as sts_caller_identity(). */
enum err aws_identity(struct aws_scope *s, struct sts_identity *out) MUST_USE;

/* The scope's account after a call: what the chain knows of the keys, else what
 * STS said once about this access key (kept for the process). Absent when
 * nobody says it: an account that cannot be named is no error. */
struct str aws_account_id(struct aws_scope *s);

#endif
