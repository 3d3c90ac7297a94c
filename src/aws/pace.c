/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests a second, kept under AWS's quotas.
 */
#include "aws/pace.h"

#include <string.h>

#include "base/enc.h"

/* Requests in ten seconds, since some operations allow less than one in one. */
static const struct {
	struct str operation;
	int64_t quota;
} quotas[] = {
	{ STR_INIT("DescribeAlarmHistory"), 30 },
	{ STR_INIT("DescribeAlarms"), 90 },
	{ STR_INIT("DescribeInsightRules"), 10 },
	{ STR_INIT("DescribeLogGroups"), 50 },
	{ STR_INIT("DescribeLogStreams"), 250 },
	{ STR_INIT("FilterLogEvents"), 50 },
	{ STR_INIT("GetDashboard"), 100 },
	{ STR_INIT("GetInsightRuleReport"), 200 },
	{ STR_INIT("GetLabels"), 100 },
	{ STR_INIT("GetLogEvents"), 100 },
	{ STR_INIT("GetMetricData"), 500 },
	{ STR_INIT("GetMetricStatistics"), 4000 },
	{ STR_INIT("GetMetricWidgetImage"), 200 },
	{ STR_INIT("GetQueryResults"), 50 },
	{ STR_INIT("GetSeries"), 100 },
	{ STR_INIT("ListDashboards"), 100 },
	{ STR_INIT("ListMetrics"), 250 },
	{ STR_INIT("QueryMetrics"), 100 },
	{ STR_INIT("StartQuery"), 50 },
};

/* see pace.h */
int64_t
pace_quota(struct str operation)
{
	for (size_t i = 0; i < sizeof(quotas) / sizeof(quotas[0]); i++) {
		if (str_eq(quotas[i].operation, operation)) {
			return quotas[i].quota;
		}
	}
	return 0;
}

/* A hash of the three; what they hold can be chosen by a client only in part
 * (the region), and a shared bucket costs waiting, nothing else. */
static uint64_t
key_of(struct str account, struct str region, struct str operation)
{
	uint8_t hash[ENC_SHA256_LEN];
	struct enc_sha256 h;
	uint64_t key;

	enc_sha256_init(&h);
	enc_sha256_add(&h, account);
	enc_sha256_add(&h, S("/"));
	enc_sha256_add(&h, region);
	enc_sha256_add(&h, S("/"));
	enc_sha256_add(&h, operation);
	enc_sha256_out(&h, hash);
	memcpy(&key, hash, sizeof(key));
	return key == 0 ? 1 : key;
}

/* The key's bucket; for a new key the one that has been full for longest. */
static struct pace_bucket *
bucket_of(struct pace *p, uint64_t key)
{
	struct pace_bucket *oldest = &p->buckets[0];

	for (size_t i = 0; i < PACE_BUCKET_N; i++) {
		struct pace_bucket *b = &p->buckets[i];

		if (b->key == key) {
			return b;
		}
		if (b->full_us < oldest->full_us) {
			oldest = b;
		}
	}
	*oldest = (struct pace_bucket){ .key = key };
	return oldest;
}

/* see pace.h */
int64_t
pace_take(struct pace *p, struct str account, struct str region,
    struct str operation, int64_t percent, int64_t now_ms, int64_t latest_ms,
    int64_t *turn_ms)
{
	int64_t quota = pace_quota(operation);
	int64_t now_us = now_ms * 1000;
	int64_t interval_us, full_us, turn_us;
	struct pace_bucket *b;

	*turn_ms = now_ms;
	if (quota == 0 || percent == 0) {
		return now_ms;
	}
	interval_us = INT64_C(1000000000) / (quota * percent) + 1;
	b = bucket_of(p, key_of(account, region, operation));
	full_us = b->full_us > now_us ? b->full_us : now_us;
	/* What the bucket holds when full: the quota of a second, at least one
	 * request. */
	turn_us = full_us - ((quota + 9) / 10 - 1) * interval_us;
	turn_us = turn_us > now_us ? turn_us : now_us;
	*turn_ms = (turn_us + 999) / 1000;
	if (*turn_ms > latest_ms) {
		return -1;
	}
	b->full_us = full_us + interval_us;
	return *turn_ms;
}
