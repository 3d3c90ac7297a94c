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
/* A reset arena keeps at most this, so one large answer does not stay. */
#define ARENA_KEEP_MAX ((size_t)64 * 1024)
/* First allocation of a growing buffer: most heads and errors fit. */
#define BUF_SIZE_MIN ((size_t)256)
/* What one job may hold: GetMetricData's largest answer (100,800 points) as
 * text, tree and reply together stays below it. */
#define JOB_ARENA_CAP ((size_t)32 * 1024 * 1024)

/* One error sentence: the longest lists a credential chain of nine places. */
#define FAIL_TEXT_MAX ((size_t)4 * 1024)

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

/* ---- JSON ---- */

/* Nesting: CloudWatch answers reach 8, JSON Schema 2020-12 fixtures 12. */
#define JSON_DEPTH_MAX 64
/* Nodes of one tree: what a full GetMetricData answer needs, with room. */
#define JSON_NODE_MAX 400000

/* ---- AWS ---- */

/* Exchanges one worker may drive at a time (regions or accounts of one call). */
#define EXCHANGE_MANY_MAX 16

#endif
