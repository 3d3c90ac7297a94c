/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of an alarm around its change of state: against just before,
 * and against the same time a day and a week earlier.
 *
 * A metric began to be unusual with the first of the points that lie outside
 * its usual range without interruption until the alarm went off. The usual
 * range is that of the first three quarters of the window before: from its 5 %
 * to its 95 % quantile, and half that distance on either side. (Quantiles,
 * because a window may hold a spike of its own.) An alarm goes off periods
 * later than its metric turns, so these times, not those of the alarms, say
 * what came first.
 */
#include "tools/investigate.h"

#include "tools/metric_query.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
/* Most points of one series in one window. */
#define POINT_MAX 2000
/* A point inside the usual range does not end what is outside of it. */
#define HOLE_MAX 1

static const int64_t back_ms[INVESTIGATE_WINDOW_N] = { 0, DAY_MS,
	7 * DAY_MS };

static struct investigate_level
level(const struct series_data *s, int64_t from_ms, int64_t to_ms)
{
	size_t i = stats_find(s->points, s->n, from_ms);
	size_t end = stats_find(s->points, s->n, to_ms);
	struct investigate_level l = { .n = end - i };

	for (size_t k = i; k < end; k++) {
		double v = s->points[k].value;

		l.min = k == i || v < l.min ? v : l.min;
		l.max = k == i || v > l.max ? v : l.max;
		l.mean += v / (double)l.n;
	}
	return l;
}

/* When the metric left its usual range; 0: it did not, or nobody can say. */
static bool
find_beginning(struct investigate *v, struct investigate_target *t)
{
	const struct series_data *s = &t->series[0];
	int64_t change_ms = t->since_ms;
	size_t n = stats_find(s->points, s->n, v->from_ms +
	    (change_ms - v->from_ms) * 3 / 4);
	size_t at = stats_find(s->points, s->n, change_ms);
	double *sorted = ARENA_ARRAY(v->c->arena, n, double);
	double low, high, margin;
	size_t hole = 0;

	if (sorted == NULL) {
		return false;
	}
	if (n < 5) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		sorted[i] = s->points[i].value;
	}
	if (!stats_sort_values(v->c->arena, sorted, n)) {
		return false;
	}
	low = stats_quantile(sorted, n, 0.05);
	high = stats_quantile(sorted, n, 0.95);
	margin = (high - low) / 2;
	while (at > 0 && hole <= HOLE_MAX) {
		const struct stats_point *p = &s->points[--at];
		bool out = (t->direction >= 0 && p->value > high + margin) ||
		    (t->direction <= 0 && p->value < low - margin);

		hole = out ? 0 : hole + 1;
		t->began_ms = out ? p->at_ms : t->began_ms;
	}
	return true;
}

/* What the points of all windows come to. */
static enum err
weigh(struct investigate *v, struct investigate_target *t)
{
	int64_t split = t->since_ms - t->evaluation_n * t->query.period_s *
	    1000;

	if (split < v->from_ms) {
		split = v->from_ms + (v->to_ms - v->from_ms) / 2;
	}
	if (!find_beginning(v, t)) {
		return fail_set(v->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	t->before = level(&t->series[0], v->from_ms, t->began_ms >
	    v->from_ms && t->began_ms < split ? t->began_ms : split);
	t->after = level(&t->series[0], split, v->to_ms);
	for (size_t i = 1; i < INVESTIGATE_WINDOW_N; i++) {
		t->earlier[i - 1] = level(&t->series[i], split - back_ms[i],
		    v->to_ms - back_ms[i]);
	}
	return ERR_OK;
}

/* The window: as many periods before the change as tell what is usual, and
 * half as many behind it; nothing from the future. */
static void
choose_window(struct investigate *v)
{
	int64_t now_ms = ask_now_ms(&v->q), width = 60 * MINUTE_MS;

	for (size_t i = 0; i < v->target_n; i++) {
		const struct investigate_target *t = &v->targets[i];
		int64_t wanted = t->query.period_s * 1000 *
		    (30 + t->evaluation_n);

		if (!t->suspect && wanted > width) {
			width = wanted;
		}
	}
	width = width > 14 * DAY_MS ? 14 * DAY_MS : width;
	v->from_ms = (v->changed_ms - width) / MINUTE_MS * MINUTE_MS;
	v->to_ms = v->changed_ms + width / 2;
	v->to_ms = v->to_ms > now_ms ? now_ms : v->to_ms;
	if (v->to_ms <= v->from_ms) {
		v->to_ms = v->from_ms + MINUTE_MS;
	}
	for (size_t i = 0; i < v->target_n; i++) {
		struct investigate_target *t = &v->targets[i];
		int64_t least = series_period_min(v->from_ms - 7 * DAY_MS,
		    now_ms);
		int64_t room = (v->to_ms - v->from_ms) / 1000 / POINT_MAX;

		/* Seconds are gone after three hours, and a suspect's may be
		 * too many for a window made for days. */
		if (t->query.period_s < least || t->query.period_s < room) {
			least = least > room ? least : room;
			t->query.period_s = (least + 59) / 60 * 60;
		}
	}
}

/* Whether AWS can be asked for it together with others. */
static bool
plain(const struct investigate_target *t)
{
	return t->query.own == NULL && t->namespace.len > 0 &&
	    t->metric.len > 0 &&
	    metric_query_statistic_ok(t->query.statistic);
}

/* One window of the chosen targets, in one call. */
static enum err
fetch(struct investigate *v, struct investigate_target *const *chosen,
    size_t n, size_t window)
{
	struct series_query queries[INVESTIGATE_TARGET_MAX_N] = {
		{ .period_s = 0 } };
	struct series_data got[INVESTIGATE_TARGET_MAX_N];
	enum err err;

	for (size_t i = 0; i < n; i++) {
		queries[i] = chosen[i]->query;
	}
	err = series_fetch(&v->q, queries, n, v->from_ms - back_ms[window],
	    v->to_ms - back_ms[window], got);
	for (size_t i = 0; i < n; i++) {
		if (err == ERR_OK) {
			chosen[i]->series[window] = got[i];
		} else if (window == 0) {
			chosen[i]->error = str_dup(v->c->arena,
			    fail_text(v->c->fail));
		}
	}
	if (err != ERR_OK && window > 0) {
		/* Without a baseline the metric still says something. */
		investigate_cut(v, INVESTIGATE_METRICS, str_dup(v->c->arena,
		    fail_text(v->c->fail)));
	}
	return err;
}

/* All windows of some targets. */
static enum err
fetch_windows(struct investigate *v, struct investigate_target *const *chosen,
    size_t n)
{
	for (size_t w = 0; w < INVESTIGATE_WINDOW_N && n > 0; w++) {
		enum err err;

		/* A window that reaches over the baseline itself says
		 * nothing. */
		if (w > 0 && v->to_ms - v->from_ms > back_ms[w]) {
			continue;
		}
		if (!investigate_time(v, INVESTIGATE_METRICS)) {
			if (w == 0) {
				for (size_t i = 0; i < n; i++) {
					chosen[i]->error = S("not read: "
					    "max_seconds were over");
				}
			}
			return ERR_OK;
		}
		err = fetch(v, chosen, n, w);
		if (err == ERR_CANCELLED || err == ERR_NOMEM) {
			return err;
		}
		if (err != ERR_OK) {
			if (w == 0) {
				return investigate_settle(v,
				    INVESTIGATE_METRICS, err);
			}
			fail_clear(v->c->fail);
		}
	}
	return ERR_OK;
}

static enum err
fetch_all(struct investigate *v)
{
	struct investigate_target *together[INVESTIGATE_TARGET_MAX_N];
	size_t n = 0;
	enum err err;

	for (size_t i = 0; i < v->target_n; i++) {
		if (plain(&v->targets[i])) {
			together[n++] = &v->targets[i];
		}
	}
	err = fetch_windows(v, together, n);
	for (size_t i = 0; i < v->target_n && err == ERR_OK; i++) {
		struct investigate_target *t = &v->targets[i];

		if (t->query.own != NULL && t->query.own_id.len > 0) {
			err = fetch_windows(v, &t, 1);
		} else if (!plain(t)) {
			t->error = t->promql ? S("a PromQL alarm: ask "
			    "execute_promql_range_query") :
			    S("AWS does not say what this alarm measures");
			investigate_cut(v, INVESTIGATE_METRICS, t->error);
		}
	}
	return err;
}

/* see investigate.h */
enum err
investigate_metrics(struct investigate *v)
{
	enum err err;

	choose_window(v);
	if (v->target_n == 0) {
		if (v->notes[INVESTIGATE_METRICS].status ==
		    INVESTIGATE_NOT_RUN) {
			investigate_cut(v, INVESTIGATE_METRICS, v->kind ==
			    'l' ? S("a log alarm has no metric") :
			    S("no component is in ALARM state"));
		}
		return ERR_OK;
	}
	err = fetch_all(v);
	for (size_t i = 0; i < v->target_n && err == ERR_OK; i++) {
		err = weigh(v, &v->targets[i]);
	}
	return investigate_settle(v, INVESTIGATE_METRICS, err);
}

/* see investigate.h */
const struct investigate_target *
investigate_first(const struct investigate *v)
{
	const struct investigate_target *first = NULL;

	for (size_t i = 0; i < v->target_n; i++) {
		const struct investigate_target *t = &v->targets[i];

		if (t->began_ms > 0 && (first == NULL ||
		    t->began_ms < first->began_ms)) {
			first = t;
		}
	}
	return first;
}
