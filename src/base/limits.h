/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every size, count and time limit of the program, each with its reason.
 * Sizes are bytes and times are milliseconds unless the name says otherwise.
 * A limit that an operator can change has its default here and its range in
 * config.c.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* ---- memory ---- */

/* First chunk of an arena: a small request, its JSON tree and its reply fit. */
#define ARENA_CHUNK_MIN ((size_t)16 * 1024)
/* Chunks double up to this: what a large answer leaves unused of its last one
 * stays small beside it. */
#define ARENA_CHUNK_MAX ((size_t)1024 * 1024)
/* First chunk of the arena in which a tool works: AWS's answer and its tree. */
#define ARENA_WORK_MIN ((size_t)64 * 1024)
/* A reset arena keeps at most this, so one large answer does not stay. */
#define ARENA_KEEP_MAX ((size_t)64 * 1024)
/* First allocation of a growing buffer: most heads and errors fit. */
#define BUF_SIZE_MIN ((size_t)256)
/* Buffers double up to this, and grow by a quarter from there on where the
 * arena can do it without a copy. */
#define BUF_DOUBLE_MAX ((size_t)1024 * 1024)
/* What one job may hold: GetMetricData's largest answer (100,800 points) as
 * text, tree and reply together stays below it. */
#define JOB_ARENA_CAP ((size_t)32 * 1024 * 1024)

/* What lives as long as the process (client slots, lists, settings), and the
 * whole work of a command such as `call`. */
#define PROGRAM_ARENA_CAP ((size_t)256 * 1024 * 1024)
/* The real world's own memory: connections in use at a time. */
#define MACHINE_ARENA_CAP ((size_t)16 * 1024 * 1024)
/* One readiness check: a sentence about the credential chain. */
#define READY_ARENA_CAP ((size_t)64 * 1024)
/* Stack of the thread that renews credentials: it runs whole AWS calls. */
#define REFRESH_STACK_LEN ((size_t)256 * 1024)
/* One error sentence: the longest lists a credential chain of nine places. */
#define FAIL_TEXT_MAX ((size_t)4 * 1024)

/* One log line, on the stack of its writer: a canonical request at DEBUG (with
 * its headers, under 2 KiB) fits. */
#define LOG_LINE_MAX ((size_t)4 * 1024)
/* One text value in a log line, before escaping. */
#define LOG_VALUE_MAX ((size_t)2 * 1024)

/* ---- HTTP, inbound and outbound ---- */

/* One request or response head, start line included. AWS and browsers stay
 * under 4 KiB; web-identity tokens in an Authorization header under 7 KiB. */
#define HTTP_HEAD_MAX ((size_t)8 * 1024)
/* Header fields of one message: ten times what any client of ours sends. */
#define HTTP_HEADER_MAX_N 64
/* Request target: the MCP endpoint is short; presigned URLs reach 4 KiB. */
#define HTTP_TARGET_MAX ((size_t)4 * 1024)
/* Inbound body: a query of 10,000 characters and 500 metric queries fit. */
#define HTTP_BODY_MAX ((size_t)1024 * 1024)
/* Outbound response body: a GetLogEvents page is 1 MB, GetQueryResults with
 * 10,000 rows and GetMetricData with 100,800 points stay under this. */
#define HTTP_RESPONSE_MAX ((size_t)12 * 1024 * 1024)
/* Bytes of one chunk-size line with its extension (RFC 9112 7.1). */
#define HTTP_CHUNK_LINE_MAX 256
/* Bytes of a chunked body that are not data: this much, and eight for each
 * byte of data, so that chunks of one byte pass and padding by extensions or
 * endless trailers does not. */
#define HTTP_CHUNK_OVERHEAD_MAX ((size_t)16 * 1024)
#define HTTP_CHUNK_OVERHEAD_RATIO 8
/* Trailer fields behind a chunked body: checked, dropped, never needed. */
#define HTTP_TRAILER_MAX 4096
/* A host name in text form (RFC 1035 3.1, without the final dot), a label. */
#define URL_HOST_MAX 253
#define URL_LABEL_MAX 63
/* One line of an event stream: the data of an event is one line of JSON. */
#define SSE_LINE_MAX ((size_t)12 * 1024 * 1024)
/* A tracestate that is passed on: what W3C Trace Context 3.3.1.5 wants. */
#define TRACE_STATE_MAX ((size_t)512)
/* One message of an AWS event stream: a second of live tail is 500 events. */
#define EVENTSTREAM_MESSAGE_MAX ((size_t)8 * 1024 * 1024)

/* ---- serving ---- */

/* One emit() of a running job: a progress or log event; results leave with
 * the reply. */
#define APP_EMIT_MAX ((size_t)16 * 1024)
/* Emitted pieces of one job that may wait for a slow client... */
#define POOL_PIECE_JOB_MAX_N 8
/* ...and of all jobs together: 4 MiB of address space, touched as used. */
#define POOL_PIECE_MAX_N 256
/* Worker stack: a TLS handshake needs 5 KiB, the rest is room for parsers. */
#define POOL_STACK_SIZE ((size_t)256 * 1024)
/* Worker threads: calls that wait for AWS at the same time. */
#define POOL_WORKER_DEFAULT_N 16
/* Calls that wait for a worker; what comes then gets 503 at once. */
#define POOL_QUEUE_DEFAULT_N 128
/* Requests between their head and the end of their reply, all connections
 * together: what runs, what is queued, and bodies and replies under way. */
#define POOL_JOB_DEFAULT_N 2048
/* The workers' time to notice at the very end that they are cancelled. */
#define POOL_STOP_MS 2000
/* Most worker threads and most queued jobs an operator may ask for. */
#define POOL_WORKER_MAX_N 256
#define POOL_QUEUE_MAX_N 4096

/* Connections by default; also bounded by the descriptor limit. */
#define SERVER_CONN_DEFAULT_N 10240
#define SERVER_CONN_MAX_N 100000
/* Addresses one host name may be listened on ("localhost" has two). */
#define SERVER_LISTEN_MAX_N 8
/* Event streams that stay open (the transport of 2024-11-05), and never more
 * than half of the connections, as each client needs a second one to ask on.
 * One client opens one: a thousand people with an assistant each. */
#define SERVER_STREAM_MAX_N 1024
/* Calls of one such stream that run, wait or have an answer that is not read
 * yet: more than a client asks at a time. */
#define SERVER_STREAM_JOB_MAX_N 16
/* Connections waiting in the kernel: the usual somaxconn. */
#define SERVER_BACKLOG_N 4096
/* Replies up to this are put together for one send(), which is cheaper than
 * sendmsg() of two parts. */
#define SERVER_SEND_COPY_MAX ((size_t)2048)
/* Pipelined requests of one connection answered before others get a turn. */
#define SERVER_TURN_MAX_N 16
/* Bytes that all jobs together may hold, running or queued, where nothing says
 * otherwise: four of the largest at the same time. */
#define SERVER_BUDGET_DEFAULT ((size_t)128 * 1024 * 1024)
/* The least with which the server is of use: hundreds of small requests, or one
 * of medium size. */
#define SERVER_BUDGET_MIN ((size_t)8 * 1024 * 1024)
/* From the first byte of a head to its end: a head is one packet, a satellite
 * link needs a second. */
#define SERVER_HEAD_MS 10000
/* The whole body: 1 MiB at 35 KB/s. */
#define SERVER_BODY_MS 30000
/* A kept connection without a request: nginx's default. */
#define SERVER_IDLE_MS 75000
/* A reply of which the client takes not one byte. */
#define SERVER_WRITE_MS 30000
/* ...and of which it takes a byte now and then, to hold its memory: given up
 * after so many times that. 15 MiB at 50 KB/s still arrive. */
#define SERVER_WRITE_TURN_MAX_N 10
/* After an error the client gets this long to read it before the close. */
#define SERVER_LINGER_MS 2000
/* A call that says nothing for so long is answered with an event stream from
 * then on, when the client takes one: comments keep proxies from cutting it. */
#define SERVER_SILENT_MS 10000
/* Keep-alive comments on a silent event stream; proxies cut at 30 to 60 s. */
#define SERVER_HEARTBEAT_MS 15000
/* In-flight work after SIGTERM: Kubernetes kills after 30 s. */
#define SERVER_DRAIN_MS 25000
/* One call as a whole: an Insights query may run for minutes, proxies and
 * clients give up after five. */
#define SERVER_CALL_MS 300000
/* A TLS handshake, from the connection to its end: three round trips. */
#define SERVER_HANDSHAKE_MS 10000
/* Connections where they are TLS: each takes 28 KB. */
#define SERVER_TLS_CONN_MAX_N 1024
/* Bytes of TLS sessions remembered, at 100 each: clients that come again. */
#define SERVER_TLS_SESSIONS_LEN ((size_t)64 * 1024)
/* Plain bytes of one record we send: small, as it is held per connection. */
#define SERVER_TLS_RECORD_LEN ((size_t)4096)
/* Records without plain bytes taken from one connection at a time. */
#define SERVER_TLS_TURN_MAX_N 16
/* A file of certificates or of a key: public chains have up to 8 KB. */
#define TLS_FILE_MAX ((size_t)64 * 1024)
/* Certificates of a server's chain; three are usual. */
#define TLS_CHAIN_MAX_N 10
/* Keys in force at the same time: the present one, and replaced ones of
 * handshakes that still run. */
#define TLS_IDENTITY_MAX_N 4
/* Memory of one of them, its texts and what they decode to. */
#define TLS_IDENTITY_CAP ((size_t)512 * 1024)
/* Seconds in the Retry-After of a 503. */
#define SERVER_RETRY_AFTER_S 1
/* In-flight calls after the end of standard input: clients wait about 2 s
 * before SIGTERM and 2 s more before SIGKILL; a script has no such hurry. */
#define STDIO_DRAIN_MS 5000
/* Bytes read from standard input at a time: a pipe holds 64 KiB, messages are
 * small. */
#define STDIO_READ_STEP ((size_t)16 * 1024)
/* Replies that wait for a client that does not read; above it, no input is
 * read either. */
#define STDIO_READY_MAX_N 64

/* The page of metrics: every tool and operation with all their series. */
#define METRICS_PAGE_MAX ((size_t)512 * 1024)

/* ---- JSON ---- */

/* Nesting: CloudWatch answers reach 8, JSON Schema 2020-12 fixtures 12. */
#define JSON_DEPTH_MAX 64
/* Nodes of one tree: what a full GetMetricData answer needs, with room. */
#define JSON_NODE_MAX 400000
/* Text of one number: 17 digits are exact, 1,000 is what a hostile one gets to
 * cost us before it is refused. */
#define NUM_PARSE_MAX 1000
/* Digits of an exact decimal: those of the middle of two doubles (768), and
 * those of the longest text. */
#define DECIMAL_MAX_N 1024

/* ---- AWS configuration files and XML ---- */

/* A config or credentials file: 5,000 generated role profiles fit. */
#define INI_FILE_MAX ((size_t)1024 * 1024)
/* One line of it: a session token (4 KiB) or a long credential_process. */
#define INI_LINE_MAX ((size_t)16 * 1024)
/* A YAML document: 1,000 accounts of a list take 150 KiB, 5,000 values. It is
 * read with every call, so its tree (120 bytes a value) has to stay small. */
#define YAML_FILE_MAX ((size_t)256 * 1024)
#define YAML_NODE_MAX 20000
/* Its nesting: the documents that are read have 4 levels. */
#define YAML_DEPTH_MAX 16
/* A path from a setting, after expansion (PATH_MAX of Linux). */
#define PROFILE_PATH_MAX ((size_t)4096)
/* Profile names that one error sentence lists before it says "and N more". */
#define PROFILE_NAMED_MAX 20
/* Nesting of XML: the answers of STS reach 4, its errors 3. */
#define XML_DEPTH_MAX 32

/* ---- MCP ---- */

/* Messages of one batch (2025-03-26 only): clients that batch at all send a
 * handful, and each may be a whole tool call. */
#define MCP_BATCH_MAX_N 32
/* JSON of one tool's result: the 100,800 points that GetMetricData answers with
 * at most. A reply holds it twice, once as text. */
#define MCP_RESULT_MAX ((size_t)8 * 1024 * 1024)
/* Bytes of one answer unless max_bytes says otherwise: 15,000 to 20,000 tokens
 * are what a model can read at once without losing the thread. */
#define ROWS_BYTES_DEFAULT 60000
/* The least one may ask for: the fixed members of every answer fit. */
#define ROWS_BYTES_MIN 4000
/* The most: a result with its closing members stays under MCP_RESULT_MAX. */
#define ROWS_BYTES_MAX 7500000
/* Base64 of the largest graph that is passed on: drawn at 2,000 by 2,000
 * pixels CloudWatch's have about 200 KB, and hosts show images up to 1 MiB. */
#define METRIC_IMAGE_MAX ((size_t)1024 * 1024)
/* Kept free of an answer's bytes for what comes behind its last list... */
#define ROWS_CLOSING 1200
/* ...and for what closes one row around an inner list. */
#define ROWS_CLOSING_INNER 200
/* Lists inside rows of lists. */
#define ROWS_DEPTH_MAX 4
/* One reply with its envelope: a result that needs every byte of its text
 * escaped is refused, a usual one fits with room. */
#define MCP_REPLY_MAX ((size_t)20 * 1024 * 1024)
/* One notification on a call's own stream. */
#define MCP_NOTE_MAX ((size_t)4 * 1024)
/* What tools/list and its kin may grow to at start. */
#define MCP_LIST_MAX ((size_t)1024 * 1024)
/* Values of one completion: the protocol's own limit. */
#define MCP_COMPLETION_MAX_N 100
/* Variables of one resource template. */
#define MCP_TEMPLATE_VAR_MAX_N 8
/* Bytes of a value that an error sentence repeats. */
#define MCP_ECHO_MAX ((size_t)60)

/* ---- tools ---- */

/* Words of a search for metrics that count: a sentence. At most 32. */
#define METRIC_SEARCH_WORD_MAX_N 12
/* Names that an answer offers for one that does not exist. */
#define METRIC_SEARCH_NEAR_MAX_N 8

/* ---- AWS credentials ---- */

/* Profiles with cached keys: every account of a large set-up in daily use. */
#define CREDS_PROFILE_MAX 64
/* Bytes of a profile name. */
#define CREDS_NAME_MAX ((size_t)256)
/* Keys, token, account and source of one entry together: session tokens stay
 * under 4 KiB, and a signed head has to fit HTTP_HEAD_MAX. */
#define CREDS_TEXT_MAX ((size_t)7 * 1024)
/* Memory of one look-up: both files, an ini tree and four STS answers. */
#define CREDS_LOOKUP_CAP ((size_t)16 * 1024 * 1024)
/* Keys that end sooner than this are not given out: a request has to reach AWS
 * while they count. */
#define CREDS_MARGIN_MS INT64_C(10000)
/* How long before its end a key is renewed, and when failing to is an error. */
#define CREDS_ADVISORY_MS INT64_C(900000)
#define CREDS_MANDATORY_MS INT64_C(600000)
/* Keys without expiry are looked up again after this: a file was rotated. */
#define CREDS_STATIC_HOLD_MS INT64_C(60000)
/* Between two tries to renew: keys that still count, keys that are missing. */
#define CREDS_RETRY_MS INT64_C(60000)
#define CREDS_RETRY_SOON_MS INT64_C(10000)
/* One look-up: three STS attempts and a slow metadata service. */
#define CREDS_REFRESH_MS INT64_C(30000)
/* A profile nobody used for so long is forgotten. */
#define CREDS_IDLE_MS INT64_C(3600000)
/* How often a thread without keys looks whether another one found them. */
#define CREDS_POLL_MS INT64_C(20)
/* A web identity or container token: STS accepts 20,000 characters. */
#define STS_TOKEN_MAX ((size_t)20000)
/* An STS form: a token, percent-encoded at worst, and 2 KiB of the rest. */
#define STS_FORM_MAX (3 * STS_TOKEN_MAX + (size_t)4 * 1024)
/* An answer of STS is 3 KiB. */
#define STS_ANSWER_MAX ((size_t)64 * 1024)
#define STS_ATTEMPT_MAX 3U
#define STS_ATTEMPT_MS INT64_C(10000)
/* Doubled for each further attempt, then a random part of it is waited. */
#define STS_BACKOFF_MS INT64_C(500)
/* Container credentials: 2 s, three attempts, 1 s between (as botocore). */
#define CONTAINER_TIMEOUT_MS INT64_C(2000)
#define CONTAINER_ATTEMPT_MAX 3U
#define CONTAINER_PAUSE_MS INT64_C(1000)
/* Instance metadata: 1 s, once, unless the environment says otherwise. */
#define IMDS_TIMEOUT_MS INT64_C(1000)
#define IMDS_TIMEOUT_MAX_S 60
#define IMDS_ATTEMPT_MAX 10
/* Keys at their end that the service does not renew are used on for 15 minutes
 * and a random 2 to 10 more (as botocore). */
#define IMDS_STRETCH_MIN_MS INT64_C(120000)
#define IMDS_STRETCH_MAX_MS INT64_C(600000)
/* A sign-in file of the AWS CLI: three tokens and a key, 8 KiB at most; how
 * many of them are remembered: people have one or two. */
#define PROVIDER_NOTE_MAX ((size_t)32 * 1024)
#define PROVIDER_NOTE_N 4
/* A program that prints keys may ask somebody over the network first; and how
 * much of its complaints is worth repeating. */
#define PROCESS_TIMEOUT_MS INT64_C(20000)
#define PROCESS_TAIL_MAX ((size_t)400)
/* An access token for SSO is renewed this long before its end, keys of
 * `aws login` (which live for 15 minutes) this long (as botocore). */
#define SSO_REFRESH_MS INT64_C(900000)
#define LOGIN_REFRESH_MS INT64_C(300000)
/* A proof of possession with a URL in it, and the key in its text form. */
#define DPOP_MAX ((size_t)8 * 1024)
#define DPOP_KEY_MAX ((size_t)4 * 1024)
/* An answer with keys is 2 KiB. */
#define METADATA_ANSWER_MAX ((size_t)64 * 1024)

/* ---- files of callers ---- */

/* A file of static tokens or keys: 256 callers with long secrets. */
#define ROSTER_FILE_MAX ((size_t)64 * 1024)
/* All are compared for each request, at some 30 ns each. */
#define ROSTER_LINE_MAX_N 256
/* A label stands in each line of the log. */
#define ROSTER_LABEL_MAX ((size_t)64)
/* Shorter ones can be guessed over the network. */
#define ROSTER_SECRET_MIN ((size_t)16)
/* AWS: 16 to 128. */
#define ROSTER_KEY_MIN ((size_t)4)
#define ROSTER_KEY_MAX ((size_t)128)
/* A signed request is on its way for seconds; AWS allows 15 minutes. */
#define SIGV4_IN_SKEW_MS INT64_C(300000)
/* Signatures remembered, against replays: 128 KB. */
#define SIGV4_IN_SEEN_N 8192
/* Sentences of one reading. */
#define ROSTER_ARENA_CAP ((size_t)16 * 1024)
/* A changed file counts after this time at the latest. */
#define AUTH_REFRESH_MS 5000
/* A file of issuers, each with dozens of rules. */
#define ISSUERS_FILE_MAX ((size_t)256 * 1024)
/* How long a request may wait for an issuer's keys, or for STS, before it is
 * known who sent it. */
#define AUTH_WAIT_MS INT64_C(10000)
/* Callers whose rates are counted: 24 KB. */
#define RATE_SET_N 256
#define RATE_WAY_N 4
/* Callers whose roles are held at the same time... */
#define USER_ROLE_N 128
/* ...each with keys and a session token, which STS says may grow... */
#define USER_ROLE_TEXT_MAX ((size_t)8 * 1024)
/* ...until so long before their end... */
#define USER_ROLE_MARGIN_MS INT64_C(300000)
/* ...when one that AWS refused may be tried again... */
#define USER_ROLE_AGAIN_MS INT64_C(5000)
/* ...and how often one looks whether another thread has it by now. */
#define USER_ROLE_POLL_MS INT64_C(20)
/* The longest credentials in a header: what STS takes is under 20,000. */
#define AUTH_TOKEN_MAX ((size_t)16 * 1024)
/* An access key id (IAM API Reference: AccessKey), 20 characters so far; a
 * secret has 40. */
#define AWS_KEY_ID_MIN ((size_t)16)
#define AWS_KEY_ID_MAX ((size_t)128)
#define AWS_SECRET_MIN ((size_t)16)

/* ---- AWS ---- */

/* Query parameters of a signed request: GET APIs of AWS stay under 20. */
#define SIGV4_QUERY_MAX_N 128
/* A secret access key: 40 bytes at AWS, longer ones at look-alikes. */
#define SIGV4_SECRET_MAX ((size_t)256)
/* A presigned URL lives at most seven days (AWS), in seconds. */
#define SIGV4_EXPIRES_MAX_S 604800

/* Attempts of one AWS call, first one included: the SDKs' standard mode... */
#define AWS_ATTEMPT_N 3
/* ...and the most that AWS_MAX_ATTEMPTS may ask for. */
#define AWS_ATTEMPT_MAX 10
/* One attempt: the slowest reads (GetMetricData over many series) take under
 * 20 s; clients give a whole tool call 30 to 60 s. */
#define AWS_ATTEMPT_TIMEOUT_MS 30000
/* Longest pause before a retry, of the SDKs' standard mode. */
#define AWS_BACKOFF_MAX_MS 20000
/* What Retry-After may add to our own pause (the SDKs' rule of 2026). */
#define AWS_RETRY_AFTER_EXTRA_MS 5000
/* Retry bucket: tokens in all, a retry, a retry after a timeout. */
#define AWS_TOKEN_MAX 500
#define AWS_TOKEN_RETRY 5
#define AWS_TOKEN_TIMEOUT 10
/* Buckets that keep request rates under AWS's quotas, one for each account,
 * region and operation in use: ten operations in sixteen regions, and the one
 * that was idle for longest makes room. */
#define PACE_BUCKET_N 256
/* Clock difference from which on it is corrected; AWS allows 5 to 15 min. */
#define AWS_SKEW_MS 240000
/* Accounts remembered, by access key: one for each profile in use. */
#define AWS_ACCOUNT_N 32
/* How long an account is remembered (an access key never changes it), and how
 * long not to ask again after STS did not answer. */
#define AWS_ACCOUNT_KEEP_MS (12 * 3600 * 1000)
#define AWS_ACCOUNT_AGAIN_MS (10 * 60 * 1000)
/* Bytes of a region's name: a DNS label. */
#define AWS_REGION_MAX ((size_t)63)
/* How long not to ask the EC2 metadata service for the region again after it
 * named none. */
#define AWS_INSTANCE_AGAIN_MS (10 * 60 * 1000)
/* What naming the account may cost a call whose answer is there already. */
#define AWS_ACCOUNT_TIMEOUT_MS 3000
/* Words of AWS repeated in an error sentence. */
#define FAULT_QUOTE_MAX ((size_t)1024)

/* Profiles that list_profiles checks at the same time, in one call (what the
 * cache of credentials holds), and what a group of them may take. */
#define PROFILES_AT_ONCE_N 8
#define PROFILES_CHECK_MAX_N CREDS_PROFILE_MAX
#define PROFILES_CHECK_MS 15000
/* Accounts times regions of one call: twelve accounts in all regions that AWS
 * gives without asking. */
#define FAN_TARGET_MAX_N 204
/* Profiles of one call: their keys have room in the cache beside others. */
#define FAN_PROFILE_MAX_N 48
/* Looking up the keys of one profile, and one page of one target: a silent
 * account may not use up the time of all. */
#define FAN_KEYS_MS 10000
#define FAN_PAGE_MS 20000
/* Pages read from one target, of which some may be empty. */
#define FAN_PAGE_MAX_N 100
/* Answers of one wave, with their trees: 16 pages of 100 large alarms. */
#define FAN_WAVE_CAP ((size_t)48 * 1024 * 1024)
/* Rows of all targets that are held until the answer is written: more than the
 * largest one shows. */
#define FAN_KEEP_MAX ((size_t)8 * 1024 * 1024)
/* One row: an alarm with 500 metric queries. */
#define FAN_ROW_MAX ((size_t)1024 * 1024)
/* Time left to write the answer. */
#define FAN_ANSWER_MS 1500
/* A failure's sentence in the answer. */
#define FAN_TEXT_MAX 400

/* A PromQL request: the longest range of a query and of its answer, as the
 * CloudWatch User Guide has them... */
#define PROMQL_RANGE_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)
#define PROMQL_SERIES_MAX_N 500
#define PROMQL_NAME_MAX_N 10000
/* ...and its encoded parameters: with path and label they have to stay under
 * HTTP_TARGET_MAX. */
#define PROMQL_QUERY_MAX ((size_t)3400)
#define PROMQL_LABEL_MAX 150
/* Room for the points of a series where the labels of many leave none. */
#define PROMQL_POINTS_MIN ((size_t)240)

/* Logs Insights, standard class: USD per GB scanned. An estimate: regions
 * differ by up to a half, and other classes by more. */
#define QUERY_RUN_USD_PER_GB 0.005
/* Queries that one call runs at a time in one account and region: the service
 * allows 100, dashboards and other people's included. */
#define QUERY_RUN_AT_ONCE_N 7
/* Pages of one query's results, 10,000 rows each: the service's 100,000. */
#define QUERY_RUN_PAGE_MAX_N 10
/* Queries of one batch, halves and second tries included: 1,000 groups are 20
 * in each region. */
#define INSIGHTS_BATCH_RUN_MAX_N 256
/* Rows of a batch that are held until they are in order: twice the largest
 * answer. */
#define INSIGHTS_BATCH_KEEP_MAX ((size_t)8 * 1024 * 1024)
/* Their texts, and twice the arrays that put them in order. */
#define INSIGHTS_BATCH_ARENA_CAP ((size_t)32 * 1024 * 1024)
/* Past queries that advice on indexes reads: of one group the service's
 * own reach, of an account at most so many. */
#define INDEX_ADVICE_GROUP_QUERY_N 10000
#define INDEX_ADVICE_QUERY_MAX_N 100000
/* Log groups that advice for an account tells apart. */
#define INDEX_ADVICE_GROUP_MAX_N 500
/* Stored bytes that the look for rare fields may read: about 0.05 USD. */
#define INDEX_ADVICE_LOOK_BYTES 2e9
/* One page of results as text and tree: 10,000 rows of seven fields. */
#define QUERY_RUN_ARENA_CAP ((size_t)64 * 1024 * 1024)

/* Slots of the grid that a series is laid on for analysis: 100,800 points, the
 * most of one answer, stay apart; sparser and longer ones share slots. */
#define STATS_GRID_MAX_N ((size_t)131072)
/* Slots that a search for periods looks at: with lags of half of that they
 * fill one Fourier transform of 8,192. Twice as many find no more of the made
 * series of the tests, and cost a millisecond. */
#define STATS_SPECTRUM_MAX_N ((size_t)5460)
/* Stretches for tests that compare every pair: 11,000 pairs. */
#define STATS_BLOCK_MAX_N ((size_t)150)
/* Changes of level that are looked for and told. */
#define STATS_CHANGE_MAX_N 10

/* Exchanges one worker may drive at once (regions or accounts of one call). */
#define EXCHANGE_MANY_MAX 16

/* ---- connections out ---- */

/* Connections of the client at the same time: sixteen workers that each ask
 * eight regions at once; with TLS each costs 42 KB. */
#define CLIENT_CONNECTION_MAX 128
/* Idle connections kept in all and for one host, port and proxy: the regions
 * and services one deployment keeps asking. */
#define CLIENT_IDLE_MAX 32
#define CLIENT_IDLE_HOST_MAX 8
/* AWS closes idle connections after 20 to 60 s; what we close ourselves cannot
 * be closed under a request. */
#define CLIENT_IDLE_MS 18000
/* TLS sessions remembered, and how long one may stand in for a certificate:
 * resumption does not look at the chain again. */
#define CLIENT_SESSION_MAX 32
#define CLIENT_SESSION_MS ((int64_t)60 * 60 * 1000)
/* How often a call without a free connection slot looks for one. */
#define CLIENT_SLOT_WAIT_MS 10
/* TCP connect, proxy and TLS together, when the call's deadline is later: a
 * black hole must not take the whole time of a call that could retry. */
#define CLIENT_CONNECT_MS 10000
/* Interim (1xx) responses before the real one; AWS sends none. */
#define CLIENT_INTERIM_MAX 8
/* A CA bundle: Mozilla's whole set as PEM is 220 KB, with comments 500 KB. */
#define ANCHORS_FILE_MAX ((size_t)2 * 1024 * 1024)
/* Certificates of a CA bundle: three times Mozilla's set. */
#define ANCHORS_MAX 512
/* Streams of struct sys: all connections of the client and some to spare. */
#define SYS_STREAM_MAX 256
/* Addresses tried for one host: what CloudWatch's endpoints answer, twice. */
#define RESOLVE_ADDRESS_MAX 16
/* Host names remembered: regions times services of one deployment. */
#define RESOLVE_CACHE_MAX 64
/* Lookups that may hang at the same time on a DNS server that is gone. */
#define RESOLVE_THREAD_MAX 4
/* How long answers and failures are believed. Short: AWS moves addresses with
 * a TTL of 60 s, and a failure is often a pod whose network is not up yet. */
#define RESOLVE_KEEP_MS 60000
#define RESOLVE_FAILED_MS 3000
/* RFC 8305 section 5: the next address is tried after this. */
#define STREAM_ATTEMPT_MS 250
/* Connection attempts of one dial that are open at the same time. */
#define STREAM_ATTEMPT_MAX 4
/* Words of a command that prints credentials, and all their bytes. */
#define SYS_RUN_ARG_MAX 64
#define SYS_RUN_TEXT_MAX ((size_t)64 * 1024)
/* A pipe or device given as a file ends by then, or is not read. */
#define SYS_FILE_WAIT_MS 2000
/* Stack of a resolver thread: musl's getaddrinfo needs 24 KB, glibc's more. */
#define RESOLVE_STACK_SIZE ((size_t)128 * 1024)

/* ---- inbound authentication ---- */

/* A bearer token: Entra's with many groups reach 10 KiB. */
#define JWT_TOKEN_MAX ((size_t)16 * 1024)
/* Keys of one issuer: Entra publishes about ten. */
#define JWKS_KEY_MAX_N 32
/* A key id: a thumbprint of 43 characters, a UUID, a date and a name. */
#define JWKS_KID_MAX ((size_t)255)
/* RSA moduli in bits: below is broken, above BearSSL does not verify. */
#define JWKS_RSA_MIN_BITS 2048U
#define JWKS_RSA_MAX_BITS 4096U
/* A key set, and a discovery document. */
#define OIDC_ANSWER_MAX ((size_t)1024 * 1024)
/* Memory of one fetch: two answers and their trees. */
#define OIDC_FETCH_CAP ((size_t)16 * 1024 * 1024)
/* Trusted issuers. */
#define OIDC_ISSUER_MAX_N 16
/* The https address of a key set. */
#define OIDC_URI_MAX ((size_t)1024)
/* Clocks of issuers and ours may differ by this. */
#define OIDC_LEEWAY_MS INT64_C(60000)
/* Between two fetches of one issuer's keys because of an unknown key id. */
#define OIDC_REFETCH_MS INT64_C(10000)
/* One fetch: discovery and keys. */
#define OIDC_FETCH_MS INT64_C(8000)
/* Keys are renewed after this, or earlier when max-age says so... */
#define OIDC_RENEW_MS INT64_C(3600000)
/* ...but not more often than this, nor sooner after a failure. */
#define OIDC_RENEW_MIN_MS INT64_C(60000)
/* How often a thread looks whether another one has fetched the keys. */
#define OIDC_POLL_MS INT64_C(20)
/* Verified tokens remembered: callers active at the same time... */
#define OIDC_TOKEN_SET_N 64
#define OIDC_TOKEN_WAY_N 4
/* ...each for this long at most... */
#define OIDC_TOKEN_HOLD_MS INT64_C(300000)
/* ...with the token and its claims; larger ones are verified each time. */
#define OIDC_TOKEN_TEXT_MAX ((size_t)4 * 1024)
/* Groups and scopes taken from one token: Entra stops at 200 groups. */
#define OIDC_NAME_MAX_N 256
/* Networks that gateways may call from: three zones of a few subnets. */
#define PROXY_NETWORK_MAX_N 64
/* A subject, an address or a group in a gateway's header. */
#define PROXY_VALUE_MAX ((size_t)256)
/* Load balancers in front of one server. */
#define ALB_MAX_N 16
/* Their keys at hand: each signs with one, and changes it now and then. */
#define ALB_KEY_MAX_N 16
/* Between two fetches for unknown keys, of all callers together. */
#define ALB_REFETCH_MS INT64_C(3000)
/* A load balancer's token lives for two minutes; the same one comes with the
 * requests of some seconds. */
#define ALB_TOKEN_HOLD_MS INT64_C(60000)
#define ALB_TOKEN_SET_N 16
/* A public key as PEM has 180 bytes. */
#define ALB_ANSWER_MAX ((size_t)4 * 1024)
#define ALB_FETCH_CAP ((size_t)128 * 1024)

/* Presigned GetCallerIdentity: what EKS takes as well... */
#define STS_IN_URL_MAX ((size_t)4 * 1024)
/* ...and the signed-request form, which encodes a session token of 2 KiB three
 * times; a request's head has to hold it. */
#define STS_IN_TOKEN_MAX ((size_t)7 * 1024)
/* A token, and twice an ARN with the longest path. */
#define STS_IN_TEXT_MAX (STS_IN_TOKEN_MAX + (size_t)2 * 1024)
/* Tokens remembered, 9 KiB each: callers active in the same minute. */
#define STS_IN_SET_N 32
#define STS_IN_WAY_N 4
/* Headers of a signed request: SDKs send up to twelve. */
#define STS_IN_HEADER_MAX_N 24
/* Patterns of ARNs that may call. */
#define STS_IN_ROLE_MAX_N 256
/* STS accepts GetCallerIdentity for so long after it was signed. */
#define STS_IN_AGE_MS INT64_C(900000)
/* A presigned URL may not say more. */
#define STS_IN_EXPIRES_MAX_S 900
/* How far callers' clocks may be ahead. */
#define STS_IN_SKEW_MS INT64_C(300000)
/* How long answers are kept: who it is, that it is nobody, no answer. */
#define STS_IN_HOLD_MS INT64_C(60000)
#define STS_IN_DENIED_MS INT64_C(10000)
#define STS_IN_DOWN_MS INT64_C(2000)
/* One question to STS, which answers in 100 ms; its answer is 500 bytes. */
#define STS_IN_ASK_MS INT64_C(5000)
#define STS_IN_ANSWER_MAX ((size_t)16 * 1024)
/* Questions at a time: half of the default workers, 40 new tokens a second. */
#define STS_IN_ASK_MAX_N 4
/* How often a thread looks whether another one has the answer. */
#define STS_IN_POLL_MS INT64_C(10)
/* When to come again while others are being asked about. */
#define STS_IN_BUSY_MS INT64_C(1000)

#endif
