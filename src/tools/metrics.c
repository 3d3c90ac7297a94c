/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_metrics: which metrics exist, with their exact dimension sets. AWS shows
 * what received data in the last two weeks, 500 a page.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/show.h"

/* Pages of one call: max_items fit into ten, and a page may be empty. */
#define PAGE_MAX_N 50
/* Bytes of a failure that are repeated beside what came before it. */
#define LOST_MAX ((size_t)400)

static void
put_argument(struct call *c, struct json_writer *body, struct str name,
    struct str member)
{
	struct str value = tool_arg_str(c, name);

	if (value.p != NULL) {
		json_put_string(body, member, value);
	}
}

static void
put_request(struct call *c, struct json_writer *body, struct str token)
{
	const struct json *d = json_at(tool_arg(c, S("dimensions")), 0);

	put_argument(c, body, S("namespace"), S("Namespace"));
	put_argument(c, body, S("metric_name"), S("MetricName"));
	put_argument(c, body, S("owning_account"), S("OwningAccount"));
	if (tool_arg_bool(c, S("include_linked_accounts"))) {
		json_put_boolean(body, S("IncludeLinkedAccounts"), true);
	}
	if (tool_arg_bool(c, S("recently_active"))) {
		json_put_string(body, S("RecentlyActive"), S("PT3H"));
	}
	if (d != NULL) {
		json_key(body, S("Dimensions"));
		json_begin_array(body);
		for (; d != NULL; d = d->next) {
			struct str value = json_get_str(d, S("value"),
			    STR_NONE);

			json_begin_object(body);
			json_put_string(body, S("Name"),
			    json_get_str(d, S("name"), S("")));
			if (value.p != NULL) {
				json_put_string(body, S("Value"), value);
			}
			json_end_object(body);
		}
		json_end_array(body);
	}
	if (token.p != NULL) {
		json_put_string(body, S("NextToken"), token);
	}
}

/* Writes one page's metrics until there are max rows. *more: the page holds
 * further ones. */
static void
show_page(struct rows *rows, const struct json *page, size_t max, bool *more)
{
	struct json_writer *out = rows->out;
	const struct json *m = json_at(json_get(page, S("Metrics")), 0);
	const struct json *owner =
	    json_at(json_get(page, S("OwningAccounts")), 0);

	for (; m != NULL; m = m->next) {
		if (rows->n == max) {
			*more = true;
			break;
		}
		json_begin_object(out);
		show_string(out, S("namespace"), m, S("Namespace"));
		show_string(out, S("metric_name"), m, S("MetricName"));
		show_dimensions(out, S("dimensions"),
		    json_get(m, S("Dimensions")));
		if (owner != NULL) {
			json_put_string_or_null(out, S("owning_account"),
			    json_str(owner));
			owner = owner->next;
		}
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
}

/* The closing members: what is missing, and why. */
static void
close_list(struct rows *rows, bool more, struct str lost)
{
	struct buf text = buf_in(rows->out->b->a, ROWS_CLOSING);

	if (lost.p != NULL) {
		buf_addf(&text, "The rest is missing: %s",
		    str_sub(lost, 0, LOST_MAX));
	} else if (rows->n == 0 && !rows->cut && !more) {
		buf_add(&text, S("No metric with data in the last two weeks "
		    "matches."));
	}
	rows_say(rows, more, S("Narrow by namespace, metric_name or "
	    "dimensions, or raise max_items."), &text);
	json_put_boolean(rows->out, S("has_more_results"),
	    rows->cut || more);
	json_put_string_or_null(rows->out, S("message"),
	    text.len > 0 ? buf_str(&text) : STR_NONE);
}

static enum err
run(struct call *c)
{
	size_t max = (size_t)tool_arg_i64(c, S("max_items"));
	struct str token = STR_NONE;
	struct str lost = STR_NONE;
	bool more = false;
	bool stuck = false; /* the same token again: there is no way on */
	struct rows rows;
	struct ask q;
	size_t page_n = 0;

	ask_begin(&q, c);
	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("metrics"));
	do {
		const struct json *page;
		struct str next;
		enum err err;

		put_request(c, ask_body(&q), token);
		err = ask_send(&q, ENDPOINT_CLOUDWATCH, S("ListMetrics"),
		    &page);
		if (err != ERR_OK && rows.n == 0) {
			return err;
		}
		if (err != ERR_OK) {
			lost = fail_text(c->fail);
			fail_clear(c->fail);
			break;
		}
		show_page(&rows, page, max, &more);
		next = json_get_str(page, S("NextToken"), STR_NONE);
		stuck = next.len > 0 && str_eq(next, token);
		token = next;
		c->progress(c, (double)rows.n, 0, S("listing metrics"));
	} while (token.len > 0 && !stuck && !more && !rows.cut &&
	    rows.n < max && ++page_n < PAGE_MAX_N);
	rows_end(&rows);
	close_list(&rows, more || token.len > 0, lost);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param filter[] = {
	{ .name = STR_INIT("name"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 255 },
	{ .name = STR_INIT("value"), .type = PARAM_STRING, .min = 1,
	    .max = 1024 },
};

static const struct param params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING, .min = 1,
	    .max = 255, .text = STR_INIT("e.g. AWS/ECS; case-sensitive") },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING, .min = 1,
	    .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .min = 1,
	    .max = 10, .fields = filter, .field_n = 2,
	    .text = STR_INIT("no value: any") },
	{ .name = STR_INIT("recently_active"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("data in the last 3h") },
	{ .name = STR_INIT("include_linked_accounts"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("source accounts too") },
	{ .name = STR_INIT("owning_account"), .type = PARAM_STRING, .min = 1,
	    .max = 255 },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 5000, .fallback = "200" },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_list_metrics = {
	.name = STR_INIT("list_metrics"),
	.title = STR_INIT("List metrics"),
	.description = STR_INIT("Metrics that exist, with the exact names and "
	    "dimensions that get_metric_data needs."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"metrics\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};
