/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field indexes and fields of the demo account.
 */
#include "demo/demo_index.h"

#include "demo/demo_logs.h"
#include "demo/journal.h"

#define SHOP_PREFIX "/ecs/shop-prod/"
#define OWN_GROUP "/ecs/shop-prod/checkout"
#define ACCOUNT_POLICY "{\"Fields\":[\"service\"]}"
#define OWN_POLICY "{\"Fields\":[\"orderId\"]}"
/* Minutes of a sample, fields of an answer, groups of a request. */
#define SAMPLE_MIN 15
#define FIELD_MAX_N 64
#define GROUP_MAX_N 100
#define SCRATCH_CAP ((size_t)256 * 1024)

/* Days since a policy was made. */
static int64_t
made_ms(const struct answer *x, int64_t days)
{
	return (x->account.onset_min - days * 1440) * ACCOUNT_MINUTE_MS;
}

static void
put_policy(struct answer *x, struct str group, bool own)
{
	json_begin_object(x->out);
	demo_answer_put_arn(x, S("logGroupIdentifier"), S("logs"),
	    S("log-group:"), group);
	json_put_integer(x->out, S("lastUpdateTime"), made_ms(x,
	    own ? 12 : 200));
	json_put_string(x->out, S("policyDocument"),
	    own ? S(OWN_POLICY) : S(ACCOUNT_POLICY));
	json_put_string(x->out, S("policyName"),
	    own ? S("checkout-orders") : S("shop-services"));
	json_put_string(x->out, S("source"),
	    own ? S("LOG_GROUP") : S("ACCOUNT"));
	json_end_object(x->out);
}

static void
put_index(struct answer *x, struct str group, bool own)
{
	json_begin_object(x->out);
	demo_answer_put_arn(x, S("logGroupIdentifier"), S("logs"),
	    S("log-group:"), group);
	json_put_string(x->out, S("fieldIndexName"),
	    own ? S("orderId") : S("service"));
	json_put_integer(x->out, S("lastScanTime"),
	    x->account.now_ms - 300000);
	json_put_integer(x->out, S("firstEventTime"), made_ms(x,
	    own ? 12 : 30));
	json_put_integer(x->out, S("lastEventTime"),
	    x->account.now_ms - 60000);
	json_put_string(x->out, S("type"), S("FIELD_INDEX"));
	json_end_object(x->out);
}

/* Calls `put` for each index of the groups that the request names. */
static void
each_index(struct answer *x, struct str key,
    void (*put)(struct answer *x, struct str group, bool own))
{
	const struct json *list = json_get_set(x->in,
	    S("logGroupIdentifiers"));

	if (!json_is(list, JSON_ARRAY) || list->n < 1 ||
	    list->n > GROUP_MAX_N) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("logGroupIdentifiers must have 1 to 100 elements."));
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, key);
	json_begin_array(x->out);
	for (const struct json *v = list->child; v != NULL; v = v->next) {
		struct str name = demo_logs_group_name(json_str(v));
		struct journal_group g;

		if (!journal_group_find(&x->account, name, &g)) {
			demo_answer_errorf(x, S("ResourceNotFoundException"),
			    "The specified log group does not exist: %s",
			    str_sub(name, 0, 512));
			return;
		}
		if (str_eq(name, S(OWN_GROUP))) {
			put(x, name, true);
		} else if (str_starts(name, S(SHOP_PREFIX))) {
			put(x, name, false);
		}
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

/* see demo_index.h */
void
demo_index_policies(struct answer *x)
{
	each_index(x, S("indexPolicies"), put_policy);
}

/* see demo_index.h */
void
demo_index_list(struct answer *x)
{
	each_index(x, S("fieldIndexes"), put_index);
}

/* see demo_index.h */
void
demo_index_account(struct answer *x)
{
	struct str type = demo_answer_choice(x, S("policyType"),
	    S("DATA_PROTECTION_POLICY, SUBSCRIPTION_FILTER_POLICY, "
	    "FIELD_INDEX_POLICY, TRANSFORMER_POLICY, "
	    "METRIC_EXTRACTION_POLICY"));

	if (!demo_answer_failed(x) && type.p == NULL) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("policyType is required."));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("accountPolicies"));
	json_begin_array(x->out);
	if (str_eq(type, S("FIELD_INDEX_POLICY"))) {
		json_begin_object(x->out);
		json_put_string(x->out, S("policyName"), S("shop-services"));
		json_put_string(x->out, S("policyDocument"),
		    S(ACCOUNT_POLICY));
		json_put_integer(x->out, S("lastUpdatedTime"),
		    made_ms(x, 200));
		json_put_string(x->out, S("policyType"), type);
		json_put_string(x->out, S("scope"), S("ALL"));
		json_put_string(x->out, S("selectionCriteria"),
		    S("LogGroupNamePrefix IN [\"" SHOP_PREFIX "\"]"));
		json_put_string(x->out, S("accountId"), S(ACCOUNT_ID));
		json_end_object(x->out);
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

/* Fields seen in a sample, and in how many events. */
struct sample {
	struct str names[FIELD_MAX_N];
	uint64_t counts[FIELD_MAX_N];
	size_t n;
	uint64_t event_n;
};

static void
see(struct answer *x, struct sample *s, struct str name)
{
	size_t i = 0;

	while (i < s->n && !str_eq(s->names[i], name)) {
		i++;
	}
	if (i == FIELD_MAX_N) {
		return;
	}
	if (i == s->n) {
		s->names[s->n++] = str_dup(x->arena, name);
	}
	s->counts[i]++;
}

/* Fields of a JSON event, those of objects inside joined by a dot. */
static void
see_event(struct answer *x, struct sample *s, const struct json *v,
    struct arena *scratch)
{
	for (v = json_is(v, JSON_OBJECT) ? v->child : NULL; v != NULL;
	    v = v->next) {
		if (v->type != JSON_OBJECT) {
			see(x, s, v->key);
			continue;
		}
		for (const struct json *in = v->child; in != NULL;
		    in = in->next) {
			struct str parts[3] = { v->key, S("."), in->key };

			see(x, s, str_join(scratch, parts, 3));
		}
	}
}

/* see demo_index.h */
void
demo_index_fields(struct answer *x)
{
	static const char *const ALWAYS[] = { "@timestamp", "@ingestionTime",
		"@message", "@logStream", "@log" };
	struct str given = json_get_str(x->in, S("logGroupIdentifier"),
	    json_get_str(x->in, S("logGroupName"), S("")));
	struct journal_reader *r;
	struct journal_group g;
	struct sample s = { .n = 0 };
	struct arena scratch;
	int64_t last = x->account.now_ms / ACCOUNT_MINUTE_MS;

	if (!journal_group_find(&x->account, demo_logs_group_name(given),
	    &g)) {
		demo_answer_error(x, S("ResourceNotFoundException"),
		    S("The specified log group does not exist."));
		return;
	}
	r = journal_open(x->arena, &x->account, &g);
	if (r == NULL) {
		return;
	}
	arena_init(&scratch, SCRATCH_CAP);
	for (int64_t m = last - SAMPLE_MIN; m <= last; m++) {
		journal_minute(r, m);
		for (size_t i = 0; i < r->event_n; i++) {
			struct json *v = NULL;

			s.event_n++;
			arena_reset(&scratch);
			if (json_parse(&scratch, r->events[i].message, 0, &v,
			    NULL) == ERR_OK) {
				see_event(x, &s, v, &scratch);
			}
		}
	}
	arena_free(&scratch);
	json_begin_object(x->out);
	json_key(x->out, S("logGroupFields"));
	json_begin_array(x->out);
	for (size_t i = 0; s.event_n > 0 && i < s.n + 5; i++) {
		json_begin_object(x->out);
		json_put_string(x->out, S("name"), i < 5 ?
		    str_from_z(ALWAYS[i]) : s.names[i - 5]);
		json_put_integer(x->out, S("percent"), i < 5 ? 100 :
		    (int64_t)(s.counts[i - 5] * 100 / s.event_n));
		json_end_object(x->out);
	}
	json_end_array(x->out);
	json_end_object(x->out);
}
