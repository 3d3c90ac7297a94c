/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace has slashes ("AWS/EC2"). RFC 6570 encodes them as %2F, but many
 * clients put values into a template as they stand, so templates that are not
 * listed take up to four segments, and what the segments mean is decided by
 * the table: all of them together are a namespace, or some of the first ones
 * are and the others a metric. No name is both.
 */
#include "tools/metric_resource.h"

#include "mcp/prompt.h"
#include "proto/json.h"
#include "proto/url.h"
#include "tools/metric_search.h"

#define ROOT "cloudwatch://metrics"

/* One page: the longest, of AWS/RDS, has 186 metrics. */
#define PAGE_MAX ((size_t)256 * 1024)

static enum err
put_page(struct call *c, const struct buf *page)
{
	if (!buf_ok(page)) {
		return ERR_NOMEM;
	}
	json_put_string(c->out, S("text"), buf_str(page));
	return ERR_OK;
}

/* [name](cloudwatch://metrics/...), encoded. */
static void
put_link(struct buf *page, struct str name, struct str namespace,
    struct str metric)
{
	buf_addf(page, "[%s](" ROOT "/", name);
	url_encode(page, namespace);
	if (metric.p != NULL) {
		buf_add_byte(page, '/');
		url_encode(page, metric);
	}
	buf_add_byte(page, ')');
}

static enum err
read_namespaces(struct call *c, const struct resource_match *match)
{
	struct buf page = buf_in(c->arena, PAGE_MAX);
	size_t i;

	(void)match;
	buf_add(&page, S("# Metrics that AWS publishes\n\n"));
	for (i = 0; i < metric_table_namespace_n(); i++) {
		struct str name = metric_table_namespace_name(i);

		buf_add(&page, S("- "));
		put_link(&page, name, name, STR_NONE);
		buf_addf(&page, ", %u metrics: %s\n",
		    (uint64_t)metric_table_namespace_metric_n(i),
		    metric_table_namespace_text(c->arena, i));
	}
	return put_page(c, &page);
}

static enum err
read_namespace(struct call *c, size_t ns)
{
	struct buf page = buf_in(c->arena, PAGE_MAX);
	struct str name = metric_table_namespace_name(ns);
	size_t first = metric_table_namespace_first(ns);
	size_t i;

	buf_addf(&page, "# %s\n\n%s\n\n| Metric | Unit | Meaning |\n"
	    "|---|---|---|\n", name, metric_table_namespace_text(c->arena,
	    ns));
	for (i = 0; i < metric_table_namespace_metric_n(ns); i++) {
		struct str metric = metric_table_name(first + i);
		struct str unit = metric_table_unit(first + i);

		buf_add(&page, S("| "));
		put_link(&page, metric, name, metric);
		buf_addf(&page, " | %s | ", unit.p != NULL ? unit : S("-"));
		metric_table_put_text(&page, first + i);
		buf_add(&page, S(" |\n"));
	}
	return put_page(c, &page);
}

static void
put_sets(struct buf *page, size_t metric)
{
	struct str sets = metric_table_sets(metric);
	struct str set;
	bool first = true;

	while (metric_table_next_set(&sets, &set)) {
		buf_addf(page, first ? "- Dimensions: %s" : "; %s",
		    set.len > 0 ? set : S("none"));
		first = false;
	}
	buf_add(page, first ? S("") : S("\n"));
}

static enum err
put_alarms(struct call *c, struct buf *page, size_t metric)
{
	size_t i;

	for (i = 0; i < metric_table_alarm_n(metric); i++) {
		struct metric_alarm a;

		if (!metric_table_alarm(c->arena, metric, i, &a)) {
			return ERR_NOMEM;
		}
		buf_addf(page, "%s- %s %s %s over %u s, %u of %u datapoints, "
		    "missing data: %s", i == 0 ? S("\n## Alarms\n\n") : S(""),
		    a.statistic, a.comparison, a.threshold.p != NULL ?
		    a.threshold : S("(no fixed value)"),
		    (uint64_t)a.period_s, (uint64_t)a.datapoint_n,
		    (uint64_t)a.evaluation_n, a.missing_data);
		buf_addf(page, a.dimensions.len > 0 ? ", dimensions: %s. " :
		    "%s. ", a.dimensions);
		buf_addf(page, "%s Threshold: %s\n", a.intent, a.basis);
	}
	return ERR_OK;
}

static enum err
read_metric(struct call *c, size_t metric)
{
	struct buf page = buf_in(c->arena, PAGE_MAX);
	struct str namespace = metric_table_namespace_name(
	    metric_table_namespace_of(metric));
	struct str unit = metric_table_unit(metric);
	struct str statistics = metric_table_statistics(metric);
	enum err err;

	buf_addf(&page, "# %s of %s\n\n", metric_table_name(metric),
	    namespace);
	metric_table_put_text(&page, metric);
	buf_addf(&page, "\n\n- Unit: %s\n- Statistics: %s\n",
	    unit.p != NULL ? unit : S("not stated"),
	    statistics.len > 0 ? statistics : S("any"));
	put_sets(&page, metric);
	err = put_alarms(c, &page, metric);
	return err == ERR_OK ? put_page(c, &page) : err;
}

/* What the segments of a URI name; see the top of the file. */
static enum err
read_segments(struct call *c, const struct resource_match *match)
{
	struct str parts[2 * MCP_TEMPLATE_VAR_MAX_N];
	size_t part_n = 0;
	struct str path;
	size_t ns, at, i;

	for (i = 0; i < match->value_n; i++) {
		if (i > 0) {
			parts[part_n++] = S("/");
		}
		parts[part_n++] = match->values[i];
	}
	path = str_join(c->arena, parts, part_n);
	if (path.p == NULL) {
		return ERR_NOMEM;
	}
	ns = metric_search_namespace(path);
	if (ns != METRIC_TABLE_NONE) {
		return read_namespace(c, ns);
	}
	for (at = str_find_byte(path, '/', 0); at < path.len;
	    at = str_find_byte(path, '/', at + 1)) {
		struct str name = str_sub(path, at + 1, path.len);
		size_t metric;

		ns = metric_search_namespace(str_sub(path, 0, at));
		if (ns == METRIC_TABLE_NONE) {
			continue;
		}
		metric = metric_search_folded(ns, name);
		if (metric != METRIC_TABLE_NONE) {
			return read_metric(c, metric);
		}
	}
	return ERR_MCP_RESOURCE;
}

/* ---- completion ---- */

/* A namespace is also found by what stands behind "AWS/". */
static void
complete_namespace(struct completion *c)
{
	size_t i;

	for (i = 0; i < metric_table_namespace_n(); i++) {
		struct str name = metric_table_namespace_name(i);

		if (!str_istarts(name, c->value) &&
		    !(str_starts(name, S("AWS/")) &&
		    str_istarts(str_sub(name, 4, name.len), c->value))) {
			continue;
		}
		c->total++;
		if (c->n < MCP_COMPLETION_MAX_N) {
			c->values[c->n++] = name;
		}
	}
}

/* Metrics of the namespace that was chosen before; without one, of none: it
 * would be a list of two thousand. */
static void
complete_metric(struct completion *c)
{
	struct str given = json_get_str(c->context, S("namespace"), S(""));
	struct str decoded;
	size_t ns, i;

	if (url_decode(c->call->arena, given, false, &decoded) != ERR_OK) {
		return;
	}
	ns = metric_search_namespace(decoded);
	for (i = 0; ns != METRIC_TABLE_NONE &&
	    i < metric_table_namespace_metric_n(ns); i++) {
		prompt_complete(c, metric_table_name(
		    metric_table_namespace_first(ns) + i));
	}
}

static enum err
complete(struct completion *c)
{
	if (str_eq(c->argument, S("namespace"))) {
		complete_namespace(c);
	} else {
		complete_metric(c);
	}
	return ERR_OK;
}

/* see metric_resource.h */
const struct resource metric_resource_fixed[] = {
	{ .uri = STR_INIT(ROOT), .name = STR_INIT("metrics"),
	    .title = STR_INIT("AWS metric namespaces"),
	    .description = STR_INIT("The namespaces that the built-in metric "
	    "table describes."),
	    .mime_type = STR_INIT("text/markdown"), .local = true,
	    .read = read_namespaces },
};

/* see metric_resource.h */
const size_t metric_resource_fixed_n =
    sizeof(metric_resource_fixed) / sizeof(metric_resource_fixed[0]);

/* see metric_resource.h */
const struct resource_template metric_resource_templates[] = {
	{ .uri_template = STR_INIT(ROOT "/{namespace}"),
	    .name = STR_INIT("namespace"),
	    .title = STR_INIT("Metrics of a namespace"),
	    .description = STR_INIT("Every metric of a namespace such as "
	    "AWS/EC2: unit and meaning."),
	    .mime_type = STR_INIT("text/markdown"), .local = true,
	    .read = read_segments, .complete = complete },
	{ .uri_template = STR_INIT(ROOT "/{namespace}/{metric}"),
	    .name = STR_INIT("metric"),
	    .title = STR_INIT("A metric"),
	    .description = STR_INIT("Meaning, unit, statistics, dimensions "
	    "and recommended alarms of one metric."),
	    .mime_type = STR_INIT("text/markdown"), .local = true,
	    .read = read_segments, .complete = complete },
	{ .uri_template = STR_INIT(ROOT "/{a}/{b}/{c}"),
	    .mime_type = STR_INIT("text/markdown"), .local = true,
	    .unlisted = true, .read = read_segments },
	{ .uri_template = STR_INIT(ROOT "/{a}/{b}/{c}/{d}"),
	    .mime_type = STR_INIT("text/markdown"), .local = true,
	    .unlisted = true, .read = read_segments },
};

/* see metric_resource.h */
const size_t metric_resource_template_n =
    sizeof(metric_resource_templates) /
    sizeof(metric_resource_templates[0]);
