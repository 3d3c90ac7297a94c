/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dashboards from a table. A row's body is written without the characters
 * that a C string and the table itself need; here they are put back.
 */
#include "demo/demo_dashboards.h"

#include "base/limits.h"

struct dashboard {
	struct str name, body;
	int64_t changed_ms;
};

static bool
dashboard(struct answer *x, size_t i, struct dashboard *out)
{
	struct buf body = buf_in(x->arena, HTTP_BODY_MAX);
	struct str rest;
	int64_t days = 0;

	if (!account_row(x->account.tables->text[ACCOUNT_DASHBOARDS], i,
	    &rest)) {
		return false;
	}
	out->name = str_cut(&rest, '|');
	MUST(str_i64(str_cut(&rest, '|'), 0, 10000, &days));
	out->changed_ms = (x->account.onset_min - days * 1440) *
	    ACCOUNT_MINUTE_MS;
	for (size_t k = 0; k < rest.len; k++) {
		char c = rest.p[k];

		if (c == '@' && k > 0 && (rest.p[k - 1] == '`' ||
		    rest.p[k - 1] == ':')) {
			buf_add(&body, x->region);
		} else {
			buf_add_byte(&body, c == '`' ? '"' : c == '^' ? '|' :
			    c);
		}
	}
	out->body = buf_str(&body);
	return true;
}

static void
put_arn(struct answer *x, const struct dashboard *d)
{
	struct buf b = buf_in(x->arena, 512);

	/* Dashboards belong to no region. */
	buf_addf(&b, "arn:aws:cloudwatch::" ACCOUNT_ID ":dashboard/%s",
	    d->name);
	json_put_string(x->out, S("DashboardArn"), buf_str(&b));
}

/* see demo_dashboards.h */
void
demo_dashboards_list(struct answer *x)
{
	struct str prefix = json_get_str(x->in, S("DashboardNamePrefix"),
	    S(""));
	struct dashboard d;

	json_begin_object(x->out);
	json_key(x->out, S("DashboardEntries"));
	json_begin_array(x->out);
	for (size_t i = 0; dashboard(x, i, &d); i++) {
		if (str_starts(d.name, prefix)) {
			json_begin_object(x->out);
			json_put_string(x->out, S("DashboardName"), d.name);
			put_arn(x, &d);
			demo_answer_put_time(x, S("LastModified"),
			    d.changed_ms);
			json_put_integer(x->out, S("Size"),
			    (int64_t)d.body.len);
			json_end_object(x->out);
		}
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

/* see demo_dashboards.h */
void
demo_dashboards_get(struct answer *x)
{
	struct str name = json_get_str(x->in, S("DashboardName"), S(""));
	struct dashboard d = { .changed_ms = 0 };
	size_t i = 0;

	while (dashboard(x, i, &d) && !str_eq(d.name, name)) {
		i++;
	}
	if (!str_eq(d.name, name)) {
		demo_answer_errorf(x, S("DashboardNotFoundError"),
		    "Dashboard %s does not exist", str_sub(name, 0, 255));
		return;
	}
	json_begin_object(x->out);
	put_arn(x, &d);
	json_put_string(x->out, S("DashboardBody"), d.body);
	json_put_string(x->out, S("DashboardName"), d.name);
	json_end_object(x->out);
}
