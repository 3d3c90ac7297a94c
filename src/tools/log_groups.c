/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe_log_groups: log groups and the saved Logs Insights queries that
 * belong to them. A group that lacks a member (storedBytes of a fresh group)
 * shows null there.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/fan.h"
#include "tools/saved_query.h"
#include "tools/show.h"

/* The service's page size limit. */
#define PAGE_MAX 50
/* Pages of saved queries that are read; 1,000 a page is the quota itself. */
#define SAVED_PAGE_MAX 10

static void
put_request(void *ctx, struct json_writer *body, size_t left)
{
	struct call *c = ctx;
	static const struct str strings[][2] = {
		{ STR_INIT("log_group_name_prefix"),
		    STR_INIT("logGroupNamePrefix") },
		{ STR_INIT("log_group_name_pattern"),
		    STR_INIT("logGroupNamePattern") },
		{ STR_INIT("log_group_class"), STR_INIT("logGroupClass") },
	};
	const struct json *accounts = tool_arg(c, S("account_identifiers"));

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct str value = tool_arg_str(c, strings[i][0]);

		if (value.len > 0) {
			json_put_string(body, strings[i][1], value);
		}
	}
	if (tool_arg_bool(c, S("include_linked_accounts"))) {
		json_put_boolean(body, S("includeLinkedAccounts"), true);
		if (json_at(accounts, 0) != NULL) {
			json_put_value(body, S("accountIdentifiers"),
			    accounts);
		}
	}
	json_put_integer(body, S("limit"),
	    left < PAGE_MAX ? (int64_t)left + 1 : PAGE_MAX);
}

/* Its members, into an object that is open. */
static void
show_group(struct json_writer *out, const struct json *group)
{
	static const struct str numbers[] = {
		STR_INIT("retentionInDays"), STR_INIT("metricFilterCount"),
		STR_INIT("storedBytes"),
	};

	show_string(out, S("logGroupName"), group, S("logGroupName"));
	show_millis(out, S("creationTime"),
	    json_get(group, S("creationTime")));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		show_number(out, numbers[i], group, numbers[i]);
	}
	show_string(out, S("kmsKeyId"), group, S("kmsKeyId"));
	show_string(out, S("dataProtectionStatus"), group,
	    S("dataProtectionStatus"));
	show_strings(out, S("inheritedProperties"),
	    json_get(group, S("inheritedProperties")));
	json_put_string(out, S("logGroupClass"), json_get_str(group,
	    S("logGroupClass"), S("STANDARD")));
	/* The newer member has no ":*" at its end. */
	json_put_string_or_null(out, S("logGroupArn"), json_get_str(group,
	    S("logGroupArn"), json_get_str(group, S("arn"), STR_NONE)));
}

static enum err
show_groups(struct ask *q, size_t max, struct saved_query_groups *groups,
    struct rows *rows, bool *more)
{
	struct call *c = q->c;
	struct str token = STR_NONE;

	/* Saved queries follow. */
	rows_begin_share(rows, S("log_group_metadata"), 3, 4);
	do {
		const struct json *page, *g;
		struct str before = token;
		enum err err;

		put_request(c, ask_body(q), max - groups->n);
		if (token.p != NULL) {
			json_put_string(&q->writer, S("nextToken"), token);
		}
		err = ask_send(q, ENDPOINT_LOGS, S("DescribeLogGroups"), &page);
		if (err != ERR_OK) {
			return err;
		}
		g = json_at(json_get(page, S("logGroups")), 0);
		for (; g != NULL && groups->n < max; g = g->next) {
			json_begin_object(c->out);
			show_group(c->out, g);
			json_end_object(c->out);
			if (!rows_fit(rows)) {
				break;
			}
			groups->names[groups->n++] =
			    json_get_str(g, S("logGroupName"), S(""));
		}
		token = json_get_str(page, S("nextToken"), STR_NONE);
		/* The same token again would be the same page again. */
		token = str_eq(token, before) ? STR_NONE : token;
		*more = g != NULL || token.len > 0;
		c->progress(c, (double)groups->n, 0, S("listing log groups"));
	} while (token.len > 0 && !rows->cut && groups->n < max);
	rows_end(rows);
	return ERR_OK;
}

/* Saved queries are an extra: when they cannot be read, the groups still are
 * the answer, and `saved_queries_error` says why they are missing. */
static enum err
show_saved(struct ask *q, const struct saved_query_groups *groups,
    struct rows *rows)
{
	struct call *c = q->c;
	struct str token = STR_NONE;
	enum err err = ERR_OK;
	bool fits = true;

	rows_begin(rows, S("saved_queries"));
	for (size_t n = 0; groups->n > 0 && fits && n < SAVED_PAGE_MAX; n++) {
		struct json_writer *body = ask_body(q);
		const struct json *page, *d;
		struct str before = token;

		json_put_integer(body, S("maxResults"), 1000);
		if (token.p != NULL) {
			json_put_string(body, S("nextToken"), token);
		}
		err = ask_send(q, ENDPOINT_LOGS, S("DescribeQueryDefinitions"),
		    &page);
		if (err != ERR_OK) {
			break;
		}
		d = json_at(json_get(page, S("queryDefinitions")), 0);
		for (; d != NULL && fits; d = d->next) {
			saved_query_show(c->out, d, groups);
			fits = rows_fit(rows);
		}
		token = json_get_str(page, S("nextToken"), STR_NONE);
		if (token.len == 0 || str_eq(token, before)) {
			break;
		}
	}
	rows_end(rows);
	if (err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	if (err != ERR_OK) {
		json_put_string(c->out, S("saved_queries_error"),
		    fail_text(c->fail));
		(void)rows_fit(rows);
		fail_clear(c->fail);
	}
	return ERR_OK;
}

static void
take_many(const struct fan_read *how, struct fan *fan, struct fan_target *t,
    const struct json *page)
{
	const struct json *g = json_at(json_get(page, S("logGroups")), 0);

	for (; g != NULL; g = g->next) {
		show_group(fan_row(fan, t), g);
		if (!fan_keep(fan, how, t, 0)) {
			return;
		}
	}
}

/* Groups of all that `profiles` and `regions` name; saved queries are asked
 * for one account and region at a time. */
static enum err
run_many(struct call *c, size_t max)
{
	static const struct str list = STR_INIT("log_group_metadata");
	const struct fan_read how = { .service = ENDPOINT_LOGS,
		.operation = S("DescribeLogGroups"), .token = S("nextToken"),
		.progress = S("listing log groups"), .ctx = c,
		.put = put_request, .take = take_many, .row_max_n = max };
	struct fan fan;
	enum err err = fan_open(&fan, c);

	if (err == ERR_OK) {
		err = fan_read(&fan, &how);
	}
	if (err == ERR_OK) {
		err = fan_show(&fan, &list, 1, max, S("No log group matches in "
		    "any of them."));
	}
	fan_free(&fan);
	return err;
}

static enum err
run(struct call *c)
{
	size_t max = (size_t)tool_arg_i64(c, S("max_items"));
	struct saved_query_groups groups = { .n = 0 };
	bool more = false;
	struct rows rows;
	struct ask q;
	enum err err;

	if (tool_arg_str(c, S("log_group_name_prefix")).len > 0 &&
	    tool_arg_str(c, S("log_group_name_pattern")).len > 0) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give "
		    "log_group_name_prefix or log_group_name_pattern, not "
		    "both: AWS takes one of them"));
	}
	if (fan_wanted(c)) {
		return run_many(c, max);
	}
	groups.names = ARENA_ARRAY(c->arena, max, struct str);
	if (groups.names == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	ask_begin(&q, c);
	rows_init(&rows, c);
	json_begin_object(c->out);
	err = show_groups(&q, max, &groups, &rows, &more);
	if (err == ERR_OK) {
		err = show_saved(&q, &groups, &rows);
	}
	if (err != ERR_OK) {
		return err;
	}
	rows_close(&rows, more, S("Narrow by prefix or pattern, or raise "
	    "max_items."), groups.n == 0 ? S("No log group matches in this "
	    "region and account.") : STR_NONE);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct str classes[] = {
	STR_INIT("STANDARD"), STR_INIT("INFREQUENT_ACCESS"),
	STR_INIT("DELIVERY"),
};

static const struct param params[] = {
	{ .name = STR_INIT("log_group_name_prefix"), .type = PARAM_STRING,
	    .max = 512, .text = STR_INIT("e.g. /aws/lambda/") },
	{ .name = STR_INIT("log_group_name_pattern"), .type = PARAM_STRING,
	    .max = 512, .text = STR_INIT("substring, any case") },
	{ .name = STR_INIT("log_group_class"), .type = PARAM_STRING,
	    .choices = classes, .choice_n = 3 },
	{ .name = STR_INIT("include_linked_accounts"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("source accounts too") },
	{ .name = STR_INIT("account_identifiers"), .type = PARAM_STRINGS,
	    .max = 20 },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 10000, .fallback = "200" },
	FAN_PARAMS,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_describe_log_groups = {
	.name = STR_INIT("describe_log_groups"),
	.title = STR_INIT("Log groups"),
	.description = STR_INIT("Log groups with class, retention and size, "
	    "and the saved Logs Insights queries that apply to them."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"log_group_metadata\":{\"type\":\"array\"},"
	    "\"saved_queries\":{\"type\":\"array\"},"
	    "\"saved_queries_error\":{\"type\":\"string\"},"
	    FAN_SCHEMA ","
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};
