/* SPDX-License-Identifier: Apache-2.0 */
/* see meter.h */
#include "base/meter.h"

/* From a local answer to the longest call; steps of two to three. */
const uint32_t meter_bounds_ms[METER_BOUND_N] = { 5, 25, 100, 250, 500, 1000,
    2500, 5000, 10000, 30000, 60000, 120000 };

/* see meter.h */
void
meter_time(struct meter_times *t, int64_t ms)
{
	size_t i = 0;

	while (i < METER_BOUND_N && ms > (int64_t)meter_bounds_ms[i]) {
		i++;
	}
	meter_add(&t->n[i]);
	if (ms > 0) {
		atomic_fetch_add_explicit(&t->sum_ms, (uint64_t)ms,
		    memory_order_relaxed);
	}
}

/* see meter.h */
enum meter_outcome
meter_outcome(enum err e)
{
	switch (e) {
	case ERR_OK:
		return METER_OK;
	case ERR_CANCELLED:
		return METER_CANCELLED;
	case ERR_TIMEOUT:
		return METER_TIMEOUT;
	case ERR_AWS_THROTTLED:
	case ERR_AUTH_RATE:
		return METER_THROTTLED;
	case ERR_AWS_ACCESS:
	case ERR_AUTH_SCOPE:
		return METER_DENIED;
	case ERR_CREDENTIALS:
	case ERR_PROFILE:
	case ERR_AWS_EXPIRED:
	case ERR_AWS_CLOCK:
		return METER_CREDENTIALS;
	case ERR_AWS_SERVICE:
	case ERR_AWS_REPLY:
		return METER_UNAVAILABLE;
	default:
		/* 502: everything about names, connections and TLS. */
		return err_http(e) == 502 ? METER_UNAVAILABLE : METER_ERROR;
	}
}

/* see meter.h */
void
meter_request(struct meter *m, size_t route, struct str method, int status,
    int64_t ms)
{
	enum meter_method way = METER_OTHER;
	int class = status < 300 ? 0 : status / 100 - 2;

	if (m == NULL || route >= METER_ROUTE_N) {
		return;
	}
	if (str_eq(method, S("POST"))) {
		way = METER_POST;
	} else if (str_eq(method, S("GET"))) {
		way = METER_GET;
	}
	meter_add(&m->requests[route][way][class < METER_CLASS_N ? class :
	    METER_CLASS_N - 1]);
	meter_time(&m->request_times[route], ms);
}

/* see meter.h */
void
meter_refuse(struct meter *m, enum err e)
{
	enum meter_refusal why = METER_MALFORMED;

	if (m == NULL) {
		return;
	}
	switch (err_http(e)) {
	case 503:
		why = e == ERR_NOMEM ? METER_MEMORY : METER_BUSY;
		break;
	case 408:
		why = METER_SLOW;
		break;
	case 413:
	case 414:
	case 431:
		why = METER_LARGE;
		break;
	default:
		break;
	}
	meter_add(&m->refusals[why]);
}

/* see meter.h */
void
meter_cache(struct meter *m, enum meter_cache which, bool hit)
{
	if (m != NULL) {
		meter_add(&m->caches[which][hit]);
	}
}
