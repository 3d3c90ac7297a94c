/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log groups that belong to an alarm, and what they say about the time
 * around its change: patterns of lines that speak of errors from where the
 * metric turned, and lines that speak of a change from the half hour before.
 *
 * Names of groups come from log_places and count only when DescribeLogGroups
 * knows them. What the queries will scan is estimated from what each group took
 * in during the window (AWS/Logs IncomingBytes), else from its size and age;
 * groups that would go beyond max_scan_bytes are left out, the least sure
 * first. The two windows touch and do not overlap, so nothing is paid twice.
 */
#include "tools/investigate.h"

#include "base/limits.h"
#include "tools/log_places.h"

#define MINUTE_MS INT64_C(60000)
/* Places of one metric, and requests for all of them. */
#define PLACE_MAX_N 8
#define LOOK_UP_MAX_N 12
/* Groups of one place: a word that many names have says little. */
#define PER_PLACE_MAX_N 4
/* Before the metric turned: where a cause may be logged. */
#define LOOK_BACK_MS (30 * MINUTE_MS)
/* Behind the alarm, and what both windows may be together. */
#define LOOK_AHEAD_MS (15 * MINUTE_MS)
#define WINDOW_MAX_MS (120 * MINUTE_MS)
/* Shorter words are found everywhere. */
#define WORD_MIN 4
/* The time an answer needs behind the queries. */
#define SHOW_MS 500

static const struct str error_query = STR_INIT("fields @timestamp, @message "
    "| filter @message like /(?i)(error|exception|fatal|failed|failure|"
    "timeout|timed out|throttl|refused|denied|exhausted|oom-?kill|out of "
    "memory|too many|unavailable)/ | pattern @message | sort @sampleCount desc "
    "| limit 10");
static const struct str change_query = STR_INIT("fields @timestamp, @log, "
    "@message | filter @message like /(?i)(deploy|rollout|rolling "
    "update|starting|restarting|restarted|upgrad|migrat|new version|config)/ "
    "| sort @timestamp desc | limit 10");

/* ---- groups ---- */

static struct investigate_group *
find_group(struct investigate *v, struct str name)
{
	for (size_t i = 0; i < v->group_n; i++) {
		if (str_eq(v->groups[i].name, name)) {
			return &v->groups[i];
		}
	}
	return NULL;
}

static void
add_group(struct investigate *v, const struct json *g, struct str because)
{
	struct str name = json_get_str(g, S("logGroupName"), S(""));
	int64_t created_ms = json_get_i64(g, S("creationTime"), 0);
	struct investigate_group *group = &v->groups[v->group_n];
	double stored = 0;

	if (name.len == 0 || find_group(v, name) != NULL) {
		return;
	}
	if (v->group_n == INVESTIGATE_GROUP_MAX_N) {
		investigate_cut(v, INVESTIGATE_GROUPS,
		    S("more than 8 log groups fit; the likeliest are used"));
		return;
	}
	if (!json_f64(json_get(g, S("storedBytes")), &stored)) {
		stored = 0;
	}
	*group = (struct investigate_group){ .name = name,
	    .because = because, .stored_bytes = stored };
	group->infrequent = !str_eq(json_get_str(g, S("logGroupClass"),
	    S("STANDARD")), S("STANDARD"));
	group->retention_days = json_get_i64(g, S("retentionInDays"),
	    (ask_now_ms(&v->q) - created_ms) / (1440 * MINUTE_MS));
	if (group->retention_days < 1 || group->retention_days > 3653) {
		group->retention_days = 30;
	}
	v->group_n++;
}

/* Asks for one place and adds what is there; *n is how much that is. */
static enum err
look_up(struct investigate *v, const struct log_place *place,
    struct str because, size_t *n)
{
	struct json_writer *body = ask_body(&v->q);
	const struct json *reply, *g;
	enum err err;

	json_put_string(body, place->kind == LOG_PLACE_SEGMENT ?
	    S("logGroupNamePattern") : S("logGroupNamePrefix"), place->text);
	json_put_integer(body, S("limit"), 50);
	err = ask_send(&v->q, ENDPOINT_LOGS, S("DescribeLogGroups"), &reply);
	if (err != ERR_OK) {
		return err;
	}
	g = json_at(json_get(reply, S("logGroups")), 0);
	for (*n = 0; g != NULL && *n < PER_PLACE_MAX_N; g = g->next) {
		if (log_places_match(place, json_get_str(g,
		    S("logGroupName"), S("")))) {
			add_group(v, g, because);
			++*n;
		}
	}
	return ERR_OK;
}

static struct str
reason(struct investigate *v, const struct log_place *place,
    const struct investigate_target *t)
{
	struct buf b = buf_in(v->c->arena, 512);

	buf_addf(&b, place->dimension.p == NULL ? "namespace %s" :
	    "dimension %s", place->dimension.p == NULL ? t->namespace :
	    place->dimension);
	buf_addf(&b, " of %s", t->name);
	return buf_str(&b);
}

/* The groups of one target: its own places, then words, as far as needed. */
static enum err
groups_of(struct investigate *v, const struct investigate_target *t,
    size_t *left)
{
	struct log_place places[PLACE_MAX_N];
	size_t n = log_places(v->c->arena, t->namespace, t->dimensions,
	    places, PLACE_MAX_N);
	size_t found_n = 0, more = 0;

	for (size_t i = 0; i < n && *left > 0; i++) {
		enum err err;

		/* Sure places make guesses needless. */
		if (places[i].kind == LOG_PLACE_SEGMENT && found_n > 0) {
			break;
		}
		if (!investigate_time(v, INVESTIGATE_GROUPS)) {
			return ERR_OK;
		}
		--*left;
		err = look_up(v, &places[i], reason(v, &places[i], t),
		    &more);
		if (err != ERR_OK) {
			return err;
		}
		found_n += more;
	}
	return ERR_OK;
}

/* A log alarm names its groups itself. */
static enum err
groups_of_query(struct investigate *v)
{
	const struct json *id = json_at(json_path(v->alarm,
	    S("ScheduledQueryConfiguration.LogGroupIdentifiers")), 0);
	enum err err = ERR_OK;
	size_t n;

	for (size_t i = 0; id != NULL && i < 4 && err == ERR_OK;
	    id = id->next, i++) {
		struct log_place place = { .kind = LOG_PLACE_EXACT,
		    .text = json_str(id) };
		size_t at = str_find(place.text, S(":log-group:"), 0);

		if (at < place.text.len) {
			place.text = str_sub(place.text, at + 11,
			    place.text.len);
			place.text = str_cut(&place.text, ':');
		}
		if (place.text.len > 0) {
			err = look_up(v, &place, S("the alarm's own query"),
			    &n);
		}
	}
	return err;
}

/* Where nothing else is known: the words that the alarm's name is made of. */
static enum err
groups_of_name(struct investigate *v, size_t *left)
{
	struct str rest = v->name;
	enum err err = ERR_OK;
	size_t n = 0;

	while (rest.p != NULL && n == 0 && *left > 0 && err == ERR_OK) {
		struct log_place place = { .kind = LOG_PLACE_SEGMENT,
		    .text = str_trim(str_cut(&rest, '-')) };

		if (place.text.len >= WORD_MIN &&
		    investigate_time(v, INVESTIGATE_GROUPS)) {
			--*left;
			err = look_up(v, &place, S("a word of the alarm's "
			    "name"), &n);
		}
	}
	return err;
}

/* see investigate.h */
enum err
investigate_groups(struct investigate *v)
{
	const struct investigate_target *first = investigate_first(v);
	size_t left = LOOK_UP_MAX_N;
	enum err err = v->kind == 'l' ? groups_of_query(v) : ERR_OK;

	for (size_t i = 0; i < v->target_n && err == ERR_OK; i++) {
		if (!v->targets[i].suspect) {
			err = groups_of(v, &v->targets[i], &left);
		}
	}
	if (err == ERR_OK && first != NULL && first->suspect) {
		err = groups_of(v, first, &left);
	}
	for (size_t i = 0; i < v->target_n && err == ERR_OK; i++) {
		if (v->targets[i].suspect && &v->targets[i] != first) {
			err = groups_of(v, &v->targets[i], &left);
		}
	}
	if (err == ERR_OK && v->group_n == 0) {
		err = groups_of_name(v, &left);
	}
	if (err == ERR_OK && left == 0) {
		investigate_cut(v, INVESTIGATE_GROUPS,
		    S("more places were possible than are looked up"));
	}
	return investigate_settle(v, INVESTIGATE_GROUPS, err);
}

/* ---- what it costs ---- */

/* [{"Name":"LogGroupName","Value":name}]; NULL: no memory. */
static const struct json *
group_dimension(struct arena *a, struct str name)
{
	struct buf b = buf_in(a, 2048);
	struct json_writer w = json_writer(&b);
	struct json *out = NULL;

	json_begin_array(&w);
	json_begin_object(&w);
	json_put_string(&w, S("Name"), S("LogGroupName"));
	json_put_string(&w, S("Value"), name);
	json_end_object(&w);
	json_end_array(&w);
	return json_parse(a, buf_str(&b), 0, &out, NULL) == ERR_OK ? out :
	    NULL;
}

/* Bytes that each group took in during the windows. */
static enum err
estimate(struct investigate *v)
{
	struct series_query queries[INVESTIGATE_GROUP_MAX_N];
	struct series_data got[INVESTIGATE_GROUP_MAX_N] = { { .n = 0 } };
	double days = (double)(v->log_to_ms - v->log_from_ms) /
	    (1440.0 * (double)MINUTE_MS);
	enum err err;

	for (size_t i = 0; i < v->group_n; i++) {
		queries[i] = (struct series_query){
		    .namespace = S("AWS/Logs"),
		    .metric_name = S("IncomingBytes"),
		    .statistic = S("Sum"), .period_s = 300,
		    .dimensions = group_dimension(v->c->arena,
		    v->groups[i].name) };
	}
	err = series_fetch(&v->q, queries, v->group_n, v->log_from_ms,
	    v->log_to_ms, got);
	if (err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	fail_clear(v->c->fail);
	for (size_t i = 0; i < v->group_n; i++) {
		struct investigate_group *g = &v->groups[i];

		for (size_t k = 0; err == ERR_OK && k < got[i].n; k++) {
			g->scan_bytes += got[i].points[k].value;
		}
		if (g->scan_bytes <= 0) {
			g->scan_bytes = g->stored_bytes * days /
			    (double)g->retention_days;
		}
	}
	return ERR_OK;
}

/* The groups that are queried, as JSON; NULL: none, or no memory. */
static const struct json *
choose(struct investigate *v)
{
	double left = (double)tool_arg_i64(v->c, S("max_scan_bytes"));
	struct buf b = buf_in(v->c->arena, 8192);
	struct json_writer w = json_writer(&b);
	struct json *out = NULL;

	json_begin_array(&w);
	for (size_t i = 0; i < v->group_n; i++) {
		struct investigate_group *g = &v->groups[i];

		if (g->infrequent) {
			continue;
		}
		g->skipped = g->scan_bytes > left;
		if (g->skipped) {
			investigate_cut(v, INVESTIGATE_ERRORS,
			    S("some groups would scan more than "
			    "max_scan_bytes"));
			investigate_cut(v, INVESTIGATE_CHANGES,
			    S("some groups would scan more than "
			    "max_scan_bytes"));
			continue;
		}
		left -= g->scan_bytes;
		json_string(&w, g->name);
	}
	json_end_array(&w);
	if (json_parse(v->c->arena, buf_str(&b), 0, &out, NULL) != ERR_OK ||
	    out->n == 0) {
		return NULL;
	}
	return out;
}

/* ---- queries ---- */

static void
choose_window(struct investigate *v)
{
	const struct investigate_target *first = investigate_first(v);
	int64_t turned_ms = v->changed_ms - 5 * MINUTE_MS;

	/* Where no metric says when: a period more than the alarm waits. */
	for (size_t i = 0; i < v->target_n; i++) {
		const struct investigate_target *t = &v->targets[i];
		int64_t at_ms = v->changed_ms - (t->evaluation_n + 1) *
		    t->query.period_s * 1000;

		if (!t->suspect && at_ms < turned_ms) {
			turned_ms = at_ms;
		}
	}
	if (first != NULL && first->began_ms < turned_ms) {
		turned_ms = first->began_ms;
	}
	if (v->changed_ms - turned_ms > WINDOW_MAX_MS - LOOK_BACK_MS -
	    LOOK_AHEAD_MS) {
		turned_ms = v->changed_ms - WINDOW_MAX_MS + LOOK_BACK_MS +
		    LOOK_AHEAD_MS;
	}
	v->log_middle_ms = turned_ms;
	v->log_from_ms = turned_ms - LOOK_BACK_MS;
	v->log_to_ms = v->changed_ms + LOOK_AHEAD_MS;
	if (v->log_to_ms > ask_now_ms(&v->q)) {
		v->log_to_ms = ask_now_ms(&v->q);
	}
}

/* What became of one query. */
static enum err
settle_query(struct investigate *v, enum investigate_part part,
    struct query_run *r)
{
	struct buf b = buf_in(v->c->arena, 512);

	if (r->state == QUERY_RUN_FAILED) {
		return investigate_settle(v, part, fail_set(v->c->fail,
		    r->err, 0, fail_text(&r->fail)));
	}
	if (r->state != QUERY_RUN_COMPLETE) {
		buf_addf(&b, "the query did not end within max_seconds; %s%s",
		    r->id.p != NULL ? S("get_logs_insight_query_results has "
		    "it later, queryId ") : S("it was not started"), r->id);
		investigate_cut(v, part, buf_str(&b));
	}
	return investigate_settle(v, part, ERR_OK);
}

static enum err
run_queries(struct investigate *v, const struct json *groups)
{
	const struct sys *sys = v->c->sys;
	int64_t left_ms = v->until_ms - sys->mono_ms(sys->ctx) - SHOW_MS;
	struct query_runs all = { .c = v->c, .runs = v->runs, .n = 2 };
	enum err err;

	for (size_t i = 0; i < 2; i++) {
		v->runs[i] = (struct query_run){ .scope = &v->q.scope,
		    .text = i == 0 ? error_query : change_query,
		    .groups = groups,
		    .start_ms = i == 0 ? v->log_middle_ms : v->log_from_ms,
		    .end_ms = i == 0 ? v->log_to_ms : v->log_middle_ms - 1000 };
	}
	all.until_ms = query_run_until(v->c, left_ms / 1000 + 1);
	v->queried = true;
	err = query_runs(&all);
	if (err == ERR_OK) {
		err = settle_query(v, INVESTIGATE_ERRORS, &v->runs[0]);
	}
	if (err == ERR_OK) {
		err = settle_query(v, INVESTIGATE_CHANGES, &v->runs[1]);
	}
	return err;
}

/* see investigate.h */
enum err
investigate_logs(struct investigate *v)
{
	const struct json *groups = NULL;
	enum err err;

	choose_window(v);
	if (v->group_n > 0 && investigate_time(v, INVESTIGATE_ERRORS)) {
		err = estimate(v);
		if (err != ERR_OK) {
			return err;
		}
		groups = choose(v);
	}
	if (groups == NULL) {
		investigate_cut(v, INVESTIGATE_ERRORS,
		    S("no log group to query"));
		investigate_cut(v, INVESTIGATE_CHANGES,
		    S("no log group to query"));
		return ERR_OK;
	}
	if (!investigate_time(v, INVESTIGATE_ERRORS)) {
		return ERR_OK;
	}
	return run_queries(v, groups);
}
