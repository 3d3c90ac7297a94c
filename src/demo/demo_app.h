/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account as an HTTP server in AWS's own protocols: what
 * `cloudwatch-mcp demo-endpoint` serves. AWS SDKs, the AWS CLI and our own
 * tests talk to it through AWS_ENDPOINT_URL; signatures are verified.
 */
#ifndef DEMO_DEMO_APP_H
#define DEMO_DEMO_APP_H

#include "app.h"
#include "base/sys.h"
#include "demo/demo.h"

struct demo_app {
	struct demo *demo;
	const struct sys *sys;
};

/* The two functions that a front calls. */
struct app_calls demo_app_calls(struct demo_app *app);

#endif
