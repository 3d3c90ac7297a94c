/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running Logs Insights queries: start, look until they end, read their rows
 * page by page. One query or several at the same time, over one region or
 * several.
 *
 *	struct query_run run = { .scope = &q.scope, .text = text,
 *	    .groups = arns, .identifiers = true,
 *	    .start_ms = from, .end_ms = to };
 *	struct query_runs all = { .c = c, .runs = &run, .n = 1,
 *	    .until_ms = query_run_until(c, 30) };
 *
 *	err = query_runs(&all);
 *	if (err == ERR_OK && run.state == QUERY_RUN_COMPLETE) {
 *		while ((err = query_run_page(&run, &rows)) == ERR_OK &&
 *		    rows != NULL) { ... }
 *	}
 *	query_run_free(&run);
 *
 * A query whose time is over is left running, and its id is in run.id (or it
 * is stopped, with `stop_late`). When the call is cancelled every query that
 * was started is stopped in AWS, because it costs money and nobody will read
 * it. A start that AWS refuses because too many queries run is tried again
 * while there is time.
 *
 * Answers of looks and pages live in an arena of each run, so that a query of
 * minutes, or of 100,000 rows, holds one answer at a time.
 */
#ifndef TOOLS_QUERY_RUN_H
#define TOOLS_QUERY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/call.h"
#include "base/arena.h"
#include "base/err.h"
#include "mcp/tool.h"
#include "proto/json.h"

enum query_run_state {
	QUERY_RUN_WAITING,  /* not started yet */
	QUERY_RUN_STARTED,  /* runs in AWS, as far as is known */
	QUERY_RUN_COMPLETE, /* its rows can be read */
	QUERY_RUN_LATE,     /* its time is over: it runs on in AWS, or was
	                     * stopped there (stop_late) */
	QUERY_RUN_FAILED    /* err and fail say why; `timed_out`: AWS did */
};

struct query_run {
	/* in */
	struct aws_scope *scope;   /* open: account and region */
	struct str text;           /* the query */
	struct str language;       /* CWLI, PPL, SQL; absent: CWLI */
	const struct json *groups; /* array of strings; NULL: in the text */
	int64_t start_ms, end_ms;  /* both seconds are included */
	int64_t limit;             /* rows; 0: the service's 10,000 */
	void *ctx;                 /* the caller's */
	bool identifiers;          /* groups are ARNs or names, sent as
	                            * logGroupIdentifiers; else names */
	/* out */
	bool timed_out;
	enum query_run_state state;
	enum err err;
	struct fail fail;
	struct str id;             /* absent: never started */
	struct str status;         /* AWS's last word on it */
	struct str code;           /* AWS's error code, if it was refused */
	struct str statistics;     /* JSON object as AWS gave it; or absent */
	double matched_n;          /* records, as far as AWS said; else 0 */
	double scanned_bytes;
	/* private */
	struct call *c;
	struct aws_scope looks;    /* scope over the run's own arena */
	struct arena arena;
	const struct json *page;   /* last answer with rows */
	struct str token;          /* of the page read last */
	int64_t due_ms, pause_ms;  /* of the next step */
	int64_t last_ms;           /* of the last look */
	unsigned page_n;           /* pages read */
	unsigned missed_n;         /* looks that failed */
	unsigned refused_n;        /* starts that AWS put off */
	bool starting;             /* its StartQuery is on its way */
};

struct query_runs {
	struct call *c;
	struct query_run *runs;
	size_t n, cap;       /* cap: room for what `ended` adds */
	size_t at_once;      /* queries that run at a time in one scope;
	                      * 0: QUERY_RUN_AT_ONCE_N */
	size_t looks_at_once; /* answers held at a time; 0: as many as can be */
	int64_t until_ms;    /* monotonic: no longer than this */
	int64_t each_ms;     /* most of one query, from its start; 0: any */
	bool stop_late;      /* stop in AWS what is late */
	/* Called once for each run that ended, in the order they end. May add
	 * runs (fill runs[n], n++ up to cap); may read pages. The run's arena
	 * is freed behind it. NULL: the caller frees. */
	void (*ended)(struct query_runs *all, struct query_run *run);
	void *ctx;
	/* Called once, while the first queries run: for other work of the
	 * same call. An error ends everything. May be NULL; is NULL behind
	 * query_runs() when it was called. */
	enum err (*meanwhile)(struct query_runs *all);
	/* private */
	int64_t from_ms;
	bool cancelled;
};

/* The monotonic time `seconds` from now, but early enough for an answer
 * before the call's deadline. */
int64_t query_run_until(const struct call *c, int64_t seconds);

/* Runs all to their ends. ERR_OK: each run's state says how it went.
 * ERR_CANCELLED, ERR_NOMEM (in c->fail): all that ran are stopped. */
enum err query_runs(struct query_runs *all) MUST_USE;

/* One look at a query that runs since before: run->id, scope and c are set by
 * this call; then as after query_runs(). A running one has state STARTED and
 * its first rows can be read. Errors are in c->fail. */
enum err query_run_look(struct call *c, struct aws_scope *scope, struct str id,
    struct query_run *run) MUST_USE;

/* The next page of rows: an array of rows, each an array of {field, value};
 * NULL behind the last. Valid until the next call. The error is in run->fail
 * too. Ends after QUERY_RUN_PAGE_MAX_N pages, or when AWS repeats a token. */
enum err query_run_page(struct query_run *run, const struct json **rows)
    MUST_USE;
/* The page read last has another one behind it. */
bool query_run_more(const struct query_run *run);
/* Gives back what the answers took; run->page is gone. */
void query_run_free(struct query_run *run);
/* Stops the query in AWS, whatever its state; what AWS says does not matter. */
void query_run_stop(struct query_run *run);

/* An error that may be gone by the next request. */
bool query_run_may_pass(enum err err);

/* A row as members {field: value} of the object that is open; of a repeated
 * field the first stays. */
void query_run_put_cells(struct json_writer *out, const struct json *row);
/* The value of a field in a row; absent when it has none. */
struct str query_run_cell(const struct json *row, struct str field);

/* What scanning so many bytes costs, in USD: an estimate by
 * QUERY_RUN_USD_PER_GB, to a millionth. */
double query_run_price(double bytes);
/* Members bytes_scanned and estimated_cost_usd. */
void query_run_put_cost(struct json_writer *out, double bytes);
/* Their part of an output schema. */
#define QUERY_RUN_COST_SCHEMA \
	"\"bytes_scanned\":{\"type\":\"number\"}," \
	"\"estimated_cost_usd\":{\"type\":\"number\"},"

#endif
