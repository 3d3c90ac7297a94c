/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A live tail session over the journal.
 */
#include "demo/demo_tail.h"

#include "demo/demo.h"
#include "demo/demo_logs.h"
#include "demo/demo_pattern.h"
#include "demo/journal.h"
#include "proto/eventstream.h"

#define GROUP_MAX_N 10
#define STREAM_MAX_N 16
/* Events of one update: the service's own limit. */
#define UPDATE_MAX_N 500
#define SCRATCH_CAP ((size_t)256 * 1024)
#define UPDATE_CAP ((size_t)1024 * 1024)

struct demo_tail {
	struct account account; /* as of the last update */
	struct arena *arena;
	int64_t born_ms;
	int64_t last_ms;        /* events up to here were given */
	struct journal_reader *readers[GROUP_MAX_N];
	struct str streams[GROUP_MAX_N][STREAM_MAX_N]; /* absent: not wanted */
	size_t reader_n;
	struct demo_pattern pattern;
};

static void
write_event(struct buf *out, struct str type, struct str payload)
{
	struct eventstream_pair pairs[] = {
		{ S(":event-type"), type },
		{ S(":content-type"), S("application/json") },
		{ S(":message-type"), S("event") },
	};

	eventstream_write(out, pairs, 3, payload);
}

static bool
stream_wanted(const struct answer *x, struct str name)
{
	const struct json *names = json_get_set(x->in, S("logStreamNames"));
	const struct json *v = json_get_set(x->in,
	    S("logStreamNamePrefixes"));
	bool any = names == NULL && v == NULL;

	for (v = json_at(v, 0); v != NULL; v = v->next) {
		any = any || str_starts(name, json_str(v));
	}
	return any || demo_answer_lists(names, name);
}

/* Opens the groups of the request; refuses what the service refuses. */
static void
open_groups(struct answer *x, struct demo_tail *t)
{
	const struct json *ids = json_get_set(x->in, S("logGroupIdentifiers"));
	const struct json *v = json_at(ids, 0);
	struct journal_group g;

	if (v == NULL || ids->n > GROUP_MAX_N) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Between 1 and 10 log group identifiers are required."));
		return;
	}
	if (ids->n > 1 && (json_get_set(x->in, S("logStreamNames")) != NULL ||
	    json_get_set(x->in, S("logStreamNamePrefixes")) != NULL)) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Log streams can be named for one log group only."));
		return;
	}
	for (; v != NULL; v = v->next) {
		struct str id = json_str(v);
		struct buf name = buf_in(x->arena, 512);

		if (!str_starts(id, S("arn:")) || str_ends(id, S(":*"))) {
			demo_answer_error(x, S("InvalidParameterException"),
			    S("Log group identifiers must be ARNs that do not "
			    "end with an asterisk."));
			return;
		}
		if (!journal_group_find(&t->account, demo_logs_group_name(id),
		    &g)) {
			demo_answer_error(x, S("ResourceNotFoundException"),
			    S("The specified log group does not exist."));
			return;
		}
		for (size_t i = 0; i < g.stream_n && i < STREAM_MAX_N; i++) {
			buf_clear(&name);
			journal_stream(&name, &g, i);
			t->streams[t->reader_n][i] =
			    stream_wanted(x, buf_str(&name)) ?
			    str_dup(x->arena, buf_str(&name)) : STR_NONE;
		}
		t->readers[t->reader_n] = journal_open(x->arena, &t->account,
		    &g);
		if (t->readers[t->reader_n++] == NULL) {
			return;
		}
	}
}

/* see demo_tail.h */
void
demo_tail_start(struct answer *x)
{
	struct demo_tail *t = ARENA_NEW(x->arena, struct demo_tail);
	struct buf payload = buf_in(x->arena, UPDATE_CAP);
	struct json_writer w = json_writer(&payload);
	static const struct str copied[] = {
		STR_INIT("logGroupIdentifiers"), STR_INIT("logStreamNames"),
		STR_INIT("logStreamNamePrefixes"),
		STR_INIT("logEventFilterPattern"),
	};

	if (t == NULL) {
		return;
	}
	t->account = x->account;
	t->arena = x->arena;
	t->born_ms = x->demo->born_ms;
	t->last_ms = x->account.now_ms;
	open_groups(x, t);
	if (!demo_pattern_parse(x->arena, json_get_str(x->in,
	    S("logEventFilterPattern"), S("")), &t->pattern)) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Invalid filter pattern"));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(&w);
	json_put_string(&w, S("requestId"), S("demo"));
	json_put_string(&w, S("sessionId"), S("demo"));
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		if (json_get_set(x->in, copied[i]) != NULL) {
			json_put_value(&w, copied[i], json_get(x->in,
			    copied[i]));
		}
	}
	json_end_object(&w);
	write_event(x->out->b, S("initial-response"), S("{}"));
	write_event(x->out->b, S("sessionStart"), buf_str(&payload));
	x->tail = t;
}

/* Writes what one group said in (t->last_ms, now]; returns how many events. */
static size_t
put_group(struct demo_tail *t, size_t k, struct arena *scratch,
    struct json_writer *w, size_t n)
{
	struct journal_reader *r = t->readers[k];
	int64_t now = t->account.now_ms;

	for (int64_t m = (t->last_ms + 1) / ACCOUNT_MINUTE_MS; m <= now /
	    ACCOUNT_MINUTE_MS; m++) {
		journal_minute(r, m);
		for (size_t i = 0; i < r->event_n; i++) {
			const struct journal_event *e = &r->events[i];
			struct str stream = t->streams[k][e->stream];
			struct buf group = buf_in(scratch, 512);

			if (e->at_ms <= t->last_ms || e->at_ms > now ||
			    stream.p == NULL || !demo_pattern_match(
			    &t->pattern, e->message, scratch) ||
			    n++ >= UPDATE_MAX_N) {
				continue;
			}
			buf_addf(&group, ACCOUNT_ID ":%s", r->group.name);
			json_begin_object(w);
			json_put_string(w, S("logStreamName"), stream);
			json_put_string(w, S("logGroupIdentifier"),
			    buf_str(&group));
			json_put_string(w, S("message"), e->message);
			json_put_integer(w, S("timestamp"), e->at_ms);
			json_put_integer(w, S("ingestionTime"), e->at_ms +
			    300);
			json_end_object(w);
		}
	}
	return n;
}

/* see demo_tail.h */
void
demo_tail_next(struct demo_tail *t, int64_t now_ms, struct buf *out)
{
	struct arena scratch, text;
	struct json_writer w;
	struct buf payload;
	size_t n = 0;

	arena_init(&scratch, SCRATCH_CAP);
	arena_init(&text, 2 * UPDATE_CAP);
	payload = buf_in(&text, UPDATE_CAP);
	w = json_writer(&payload);
	t->account = account_at(t->account.tables, t->born_ms, now_ms);
	json_begin_object(&w);
	json_key(&w, S("sessionResults"));
	json_begin_array(&w);
	for (size_t k = 0; k < t->reader_n; k++) {
		n = put_group(t, k, &scratch, &w, n);
	}
	json_end_array(&w);
	json_key(&w, S("sessionMetadata"));
	json_begin_object(&w);
	json_put_boolean(&w, S("sampled"), n > UPDATE_MAX_N);
	json_end_object(&w);
	json_end_object(&w);
	t->last_ms = now_ms;
	write_event(out, S("sessionUpdate"), buf_str(&payload));
	arena_free(&scratch);
	arena_free(&text);
}
