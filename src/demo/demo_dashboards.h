/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dashboards of the demo account, over the rows of dashboards.def.
 */
#ifndef DEMO_DEMO_DASHBOARDS_H
#define DEMO_DEMO_DASHBOARDS_H

#include "demo/demo_answer.h"

demo_answer_fn demo_dashboards_list; /* ListDashboards */
demo_answer_fn demo_dashboards_get;  /* GetDashboard */

#endif
