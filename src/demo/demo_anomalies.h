/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log anomaly detectors of the demo account and what they found: the lines
 * that the incident brought, read from the journal, so that counts, times and
 * samples are those of the events.
 */
#ifndef DEMO_DEMO_ANOMALIES_H
#define DEMO_DEMO_ANOMALIES_H

#include "demo/demo_answer.h"

demo_answer_fn demo_anomalies_detectors; /* ListLogAnomalyDetectors */
demo_answer_fn demo_anomalies_list;      /* ListAnomalies */

#endif
