/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp: from the command line to a running front.
 *
 * The only place that knows the real world and the rest at the same time: it
 * makes the struct sys, the transport (real or demo), the credential cache, the
 * engine and the app, starts the thread that renews credentials, and hands
 * everything to a front. All of it lives in one arena until the process ends.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app.h"
#include "app_legacy.h"
#include "auth/auth.h"
#include "auth/rate.h"
#include "aws/call.h"
#include "aws/creds.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/meter.h"
#include "cli/cli.h"
#include "config.h"
#include "demo/demo.h"
#include "demo/demo_app.h"
#include "mcp/mcp.h"
#include "net/client.h"
#include "net/server.h"
#include "net/stdio.h"
#include "net/sys_linux.h"
#include "proto/url.h"
#include "tools/metric_resource.h"
#include "tools/prompts.h"
#include "tools/tools.h"

#define NAME S("cloudwatch-mcp")

/* The whole program. Zeroed at start; nothing in it is freed. */
struct program {
	struct arena arena;       /* single-threaded: used before the threads
	                           * start, or by a command that has none */
	struct arena machine;     /* of the real struct sys, which locks it */
	struct arena connections; /* of the client, which locks it */
	struct config config;
	const struct sys *real;   /* the machine */
	struct sys sys;           /* what the rest sees */
	struct log log;
	struct client *client;
	struct demo demo;
	struct transport transport; /* to AWS, or the demo account */
	struct transport outside; /* to issuers of tokens, and STS for them */
	struct aws aws;
	struct mcp *mcp;
	struct mcp_session session;
	struct meter meter;
	struct server *server;    /* of HTTP */
	uint64_t memory_max;      /* the ceiling, bytes */
	struct app app;
	struct auth *auth;        /* NULL: everybody may call */
	struct rate *rate;        /* NULL: as often as they like */
	struct tls_keeper tls;    /* where https is served */
	struct cancel stop;       /* ends the refresher */
};

static struct program program;

/* Writes everything, whatever the descriptor takes at a time. */
static void
put(int fd, struct str text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.p, text.len);

		if (n > 0) {
			text = str_sub(text, (size_t)n, text.len);
		} else if (n == 0 || errno != EINTR) {
			return;
		}
	}
}

/* Says why the program cannot start; for people, whatever the log level. */
static int
refuse(const struct fail *f)
{
	char text[FAIL_TEXT_MAX + 64];
	struct buf b = buf_fixed(text, sizeof(text));

	/* At once: another thread's log line may not come in between. */
	buf_addf(&b, "cloudwatch-mcp: %s\n", fail_text(f));
	put(STDERR_FILENO, buf_str(&b));
	return CLI_USAGE;
}

static struct str
config_env(void *ctx, struct str name)
{
	const struct sys *sys = ctx;

	return sys->env(sys->ctx, name);
}

/* The demo account needs its own keys and none of the machine's settings. */
static struct str
demo_env(void *ctx, struct str name)
{
	(void)ctx;
	if (str_eq(name, S("AWS_ACCESS_KEY_ID"))) {
		return S(DEMO_ACCESS_KEY);
	}
	if (str_eq(name, S("AWS_SECRET_ACCESS_KEY"))) {
		return S(DEMO_SECRET_KEY);
	}
	if (str_eq(name, S("AWS_EC2_METADATA_DISABLED"))) {
		return S("true");
	}
	return STR_NONE;
}

static enum err
demo_read_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	(void)path;
	(void)out;
	return ERR_FILE_MISSING;
}

/* The way out of this process. */
static enum err
open_client(struct program *p, struct fail *f)
{
	struct client_config config = { .connection_max = 0 };
	enum err err;

	client_config_env(&config, p->real);
	arena_init(&p->connections, client_memory_max(&config));
	err = client_new(&p->client, &config, p->real, &p->connections, f);
	if (err == ERR_OK) {
		p->outside = client_transport(p->client);
	}
	return err;
}

/* The way to AWS, or to the demo account. */
static enum err
open_transport(struct program *p, struct fail *f)
{
	enum err err;

	p->sys = *p->real;
	if (p->config.demo) {
		p->sys.env = demo_env;
		p->sys.read_file = demo_read_file;
		demo_init(&p->demo, &p->sys);
		demo_transport(&p->demo, &p->transport);
		return ERR_OK;
	}
	err = open_client(p, f);
	p->transport = p->outside;
	return err;
}

/* Everything between the transport and the app. */
static enum err
open_engine(struct program *p, struct fail *f)
{
	struct creds_setup setup = {
		.sys = &p->sys,
		.transport = &p->transport,
		.log = &p->log,
		.meter = p->config.metrics && !p->config.stdio ? &p->meter :
		    NULL,
		.profile = p->config.profile_given ? p->config.profile :
		    STR_NONE,
		.region = p->config.region_given ? p->config.region :
		    STR_NONE,
	};
	struct mcp_config engine = {
		.name = NAME,
		.title = S("AWS CloudWatch"),
		.version = S(VERSION),
	};
	struct tools_set set;
	enum err err = tools_select(p->config.tools, p->config.tools_deny,
	    p->config.images, &p->arena, &set, f);

	if (err == ERR_OK) {
		engine.prompts = prompts_select(&set, &p->arena,
		    &engine.prompt_n);
		err = open_transport(p, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	engine.instructions = set.instructions;
	engine.tools = set.tools;
	engine.tool_n = set.n;
	engine.resources = metric_resource_fixed;
	engine.resource_n = metric_resource_fixed_n;
	engine.templates = metric_resource_templates;
	engine.template_n = metric_resource_template_n;
	p->aws.sys = &p->sys;
	p->aws.transport = &p->transport;
	p->aws.log = &p->log;
	p->aws.meter = setup.meter;
	p->aws.profile = setup.profile;
	p->aws.profiles = p->config.profiles;
	p->aws.region = p->config.region;
	p->aws.user_agent = S("cloudwatch-mcp/" VERSION);
	/* The demo account in this process has no quotas. */
	p->aws.quota_percent = p->config.demo ? 0 : p->config.quota_percent;
	p->aws.creds = creds_new(&p->arena, &setup);
	if (p->aws.creds == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	err = aws_init(&p->aws, f);
	return err == ERR_OK ? mcp_new(&p->mcp, &engine, &p->arena, f) : err;
}

static bool
credentials_ready(void *ctx, struct buf *why)
{
	struct program *p = ctx;
	struct arena a;
	struct fail f;
	enum err err;

	arena_init(&a, READY_ARENA_CAP);
	fail_init(&f, &a);
	err = creds_ready(p->aws.creds, &a, &f);
	if (err == ERR_AGAIN) {
		buf_add(why, S("the first look-up of AWS credentials is still "
		    "running"));
	} else if (err != ERR_OK) {
		buf_add(why, fail_text(&f));
	}
	arena_free(&a);
	return err == ERR_OK;
}

static void *
refresher(void *ctx)
{
	struct program *p = ctx;
	enum err err = ERR_OK;

	while (err == ERR_OK) {
		int64_t next_ms = creds_refresh_due(p->aws.creds, &p->stop);
		int64_t file_ms;

		if (p->auth != NULL) {
			file_ms = auth_refresh(p->auth, &p->stop);
			next_ms = next_ms < file_ms ? next_ms : file_ms;
		}
		if (p->tls.sys != NULL) {
			tls_keeper_refresh(&p->tls);
			file_ms = p->sys.mono_ms(p->sys.ctx) + AUTH_REFRESH_MS;
			next_ms = next_ms < file_ms ? next_ms : file_ms;
		}
		err = p->sys.sleep_until(p->sys.ctx, next_ms, &p->stop);
	}
	return NULL;
}

static enum err
start_refresher(struct program *p, struct fail *f)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int error;

	if (pthread_attr_init(&attr) != 0) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	(void)pthread_attr_setstacksize(&attr, REFRESH_STACK_LEN);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals are the front's: this thread must not die of one. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attr, refresher, p);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return error == 0 ? ERR_OK : fail_set(f, ERR_NOMEM, 0,
	    S("the system refuses one more thread"));
}

static struct str
metrics_host(const struct program *p)
{
	return p->config.metrics_host.len > 0 ? p->config.metrics_host :
	    p->config.host;
}

static void
fill_app(struct program *p)
{
	struct app *app = &p->app;

	app->sys = &p->sys;
	app->log = &p->log;
	app->mcp = p->mcp;
	app->aws = &p->aws;
	app->auth = p->auth;
	app->rate = p->rate;
	app->public_url = p->config.public_url;
	app->name = NAME;
	app->version = S(VERSION);
	app->call_ms = p->config.call_timeout_s * 1000;
	app->loopback = url_host_is_loopback(p->config.host);
	app->origins = p->config.allowed_origins;
	app->hosts = p->config.allowed_hosts;
	app->page = p->config.page;
	app->demo = p->config.demo;
	app->credentials = credentials_ready;
	app->credentials_ctx = p;
	app->session = &p->session;
	app->meter = p->aws.meter;
	app->meter_aside = p->config.metrics_port >= 0;
	app->side_loopback = url_host_is_loopback(metrics_host(p));
	app->started_ms = p->sys.now_ms(p->sys.ctx);
}

/* What all requests together may hold: the setting, else half of the limit of
 * the container that this runs in (cgroup v2, v1), so that being busy ends in
 * 503 and not in an OOM kill. */
static size_t
memory_budget(struct program *p)
{
	static const struct str files[] = {
		STR_INIT("/sys/fs/cgroup/memory.max"),
		STR_INIT("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
	};
	uint64_t budget = SERVER_BUDGET_DEFAULT;

	if (p->config.memory_max > 0) {
		return (size_t)p->config.memory_max;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char text[64];
		struct buf b = buf_fixed(text, sizeof(text));
		uint64_t limit;

		if (p->real->read_file(p->real->ctx, files[i], &b) == ERR_OK &&
		    str_u64(str_trim_ws(buf_str(&b)), UINT64_MAX, &limit) &&
		    limit / 2 < budget) {
			budget = limit / 2;
		}
	}
	return budget < SERVER_BUDGET_MIN ? SERVER_BUDGET_MIN :
	    (size_t)budget;
}

static void
fill_pool(struct program *p, struct pool_config *pool)
{
	pool->worker_n = (unsigned)p->config.worker_n;
	pool->queue_n = (unsigned)p->config.queue_n;
	if (pool->job_n < pool->worker_n + pool->queue_n + 1) {
		pool->job_n = pool->worker_n + pool->queue_n + 1;
	}
	pool->budget = memory_budget(p);
}

static void
say_start(const struct program *p, const char *front, uint16_t port,
    uint64_t memory_max)
{
	struct log_event e;

	if (log_begin(&e, &p->log, LOG_INFO, S("start"))) {
		log_str(&e, S("version"), S(VERSION));
		log_str(&e, S("front"), str_from_z(front));
		if (port != 0) {
			log_str(&e, S("host"), p->config.host);
			log_int(&e, S("port"), port);
		}
		if (p->server != NULL && p->server->config.side_port >= 0) {
			log_int(&e, S("metrics_port"), p->server->side_port);
		}
		log_bool(&e, S("demo"), p->config.demo);
		log_bool(&e, S("auth"), p->auth != NULL);
		log_int(&e, S("tools"),
		    (int64_t)mcp_config(p->mcp)->tool_n);
		log_int(&e, S("workers"), p->config.worker_n);
		log_int(&e, S("memory_max_bytes"), (int64_t)memory_max);
		log_end(&e);
	}
	if (port != 0 && !p->app.loopback && p->auth == NULL) {
		log_say(&p->log, LOG_WARNING, S("exposed"),
		    S("listening beyond this machine without authentication: "
		    "whoever reaches the port reads this AWS account's "
		    "CloudWatch"));
	}
}

/* Opens the server of an app; the drain flag goes where /ready looks. */
static enum err
open_server(struct program *p, struct server *server, struct app_calls calls,
    struct tls_keeper *tls, struct fail *f)
{
	struct server_config config;

	server_config_default(&config);
	config.host = p->config.host;
	config.port = (uint16_t)p->config.port;
	config.conn_max = (unsigned)p->config.connection_max;
	fill_pool(p, &config.pool);
	config.limits.call_ms = p->config.call_timeout_s * 1000;
	config.limits.idle_ms = p->config.idle_timeout_s * 1000;
	config.limits.body_max = (size_t)p->config.body_max;
	config.drain_ms = p->config.drain_timeout_s * 1000;
	config.grace_ms = p->config.drain_grace_s * 1000;
	config.signals = true;
	config.draining = &p->app.draining;
	config.meter = p->app.meter;
	if (p->app.meter != NULL && p->config.command == CONFIG_SERVE) {
		config.side_port = (int)p->config.metrics_port;
		config.side_host = metrics_host(p);
	}
	config.tls = tls;
	return server_open(server, &config, calls, f);
}

/* Bytes of memory in use, as /proc says; 0: it does not. */
static uint64_t
resident(const struct program *p)
{
	char text[4096];
	struct buf b = buf_fixed(text, sizeof(text));
	struct str key = S("VmRSS:");
	uint64_t kib = 0;
	struct str rest;
	size_t at;

	if (p->real->read_file(p->real->ctx, S("/proc/self/status"), &b) !=
	    ERR_OK) {
		return 0;
	}
	at = str_find(buf_str(&b), key, 0);
	rest = str_trim(str_sub(buf_str(&b), at + key.len, b.len));
	return str_u64(str_cut(&rest, ' '), UINT64_MAX / 1024, &kib) ?
	    kib * 1024 : 0;
}

static void
fill_gauges(void *ctx, struct app_gauges *out)
{
	struct program *p = ctx;
	struct client_stats stats = { .exchange_n = 0 };
	char text[FAIL_TEXT_MAX];
	struct buf why = buf_fixed(text, sizeof(text));

	server_gauges(p->server, out);
	if (p->client != NULL) {
		client_stats(p->client, &stats);
	}
	out->connect_n = stats.connect_n;
	out->reuse_n = stats.reuse_n;
	out->handshake_n = stats.handshake_n;
	out->resume_n = stats.resume_n;
	out->memory_max = p->memory_max;
	out->resident = resident(p);
	out->keys_ready = credentials_ready(p, &why);
	out->keys_until_ms = creds_expiry(p->aws.creds);
}

static int
serve_http(struct program *p, struct fail *f)
{
	static struct server server;
	bool tls = p->config.tls_cert.len > 0;
	struct buf banner = buf_in(&p->arena, 8192);
	bool clean;

	p->server = &server;
	p->app.gauges = fill_gauges;
	p->app.gauges_ctx = p;
	if (open_server(p, &server, app_calls(&p->app), tls ? &p->tls : NULL,
	    f) != ERR_OK) {
		return refuse(f);
	}
	p->memory_max = server_memory_max(&server.config) +
	    sys_linux_memory_max() + p->connections.cap + p->arena.held;
	say_start(p, tls ? "https" : "http", server.port, p->memory_max);
	if (p->config.demo) {
		cli_banner(&banner, p->config.host, server.port);
		put(STDOUT_FILENO, buf_str(&banner));
	}
	clean = server_run(&server);
	server_close(&server);
	log_say(&p->log, LOG_INFO, S("stop"), clean ? S("drained") :
	    S("the drain time ran out"));
	return clean ? CLI_OK : CLI_FAILED;
}

static int
serve_stdio(struct program *p, struct fail *f)
{
	struct stdio_config config;
	enum err err;

	stdio_config_default(&config);
	fill_pool(p, &config.pool);
	config.call_ms = p->config.call_timeout_s * 1000;
	config.line_max = (size_t)p->config.body_max;
	config.signals = true;
	say_start(p, "stdio", 0, 0);
	err = stdio_run(&config, app_calls(&p->app));
	if (err != ERR_OK) {
		return refuse((fail_set(f, err, 0, STR_NONE), f));
	}
	return CLI_OK;
}

/* Our own STS: callers' tokens are exchanged there, and what they signed for it
 * is verified there. */
static enum err
open_sts(struct program *p, struct auth_setup *setup, struct fail *f)
{
	struct aws_scope scope;
	struct endpoint e;
	struct buf url = buf_in(&p->arena, HTTP_TARGET_MAX);
	enum err err;

	aws_scope_init(&scope, &p->aws, &p->arena, f, INT64_MAX, NULL, NULL);
	err = aws_scope_open(&scope, STR_NONE, STR_NONE);
	if (err == ERR_OK) {
		err = endpoint_resolve(&p->sys, &scope.files, scope.profile,
		    ENDPOINT_STS, scope.region, &p->arena, &e, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	endpoint_add_url(&url, &e);
	setup->role.endpoint = buf_str(&url);
	setup->role.region = e.signing_region;
	setup->sts.region = scope.region;
	setup->sts.is_sts = endpoint_is_sts;
	setup->sts.endpoint = e.configured ? buf_str(&url) : STR_NONE;
	return ERR_OK;
}

/* The settings of inbound authentication. */
static enum err
fill_auth(struct program *p, struct auth_setup *setup, struct fail *f)
{
	const struct config *c = &p->config;
	enum err err = ERR_OK;

	*setup = (struct auth_setup){
		.sys = p->real,
		.transport = &p->outside,
		.log = &p->log,
		.enable = c->enable_auth,
		.issuers = {
			.center_issuer = c->center_issuer,
			.center_client_id = c->center_client_id,
			.issuer = c->issuer, .audience = c->audience,
			.jwks_uri = c->jwks_uri, .scopes = c->scopes,
			.groups = c->groups, .file = c->issuers_file,
		},
		.token_header = c->token_header,
		.tokens_file = c->tokens_file,
		.sigv4 = {
			.keys_file = c->sigv4_keys_file,
			.region = c->sigv4_region,
			.service = c->sigv4_service,
			.host = c->sigv4_host,
		},
		.role = { .role_arn = c->role_arn,
		    .duration_s = c->role_duration_s,
		    .transport = &p->transport },
		.sts = { .roles = c->sts_roles,
		    .server_id = c->sts_server_id,
		    .transport = &p->transport },
		.proxy = { .networks = c->proxy_networks,
		    .header = c->proxy_header,
		    .email_header = c->proxy_email_header,
		    .groups_header = c->proxy_groups_header,
		    .alb = { .arns = c->alb_arn,
		    .client_id = c->alb_client_id,
		    .keys_url = c->alb_keys_url } },
		.credentials = c->caller_credentials,
	};
	/* The demo account knows no issuers. */
	if (p->client == NULL && (c->issuer.len > 0 ||
	    c->center_issuer.len > 0 || c->issuers_file.len > 0 ||
	    c->alb_arn.len > 0)) {
		err = open_client(p, f);
	}
	if (err == ERR_OK && (c->role_arn.len > 0 ||
	    c->issuers_file.len > 0 || c->sts_roles.len > 0)) {
		err = open_sts(p, setup, f);
	}
	return err;
}

/* Standard input belongs to who started the program: nobody asks there. */
static enum err
open_auth(struct program *p, struct fail *f)
{
	struct auth_setup setup;
	struct str url = p->config.public_url;
	struct url u;
	enum err err;

	if (p->config.stdio) {
		return ERR_OK;
	}
	if (url.len > 0 && url_parse(url, &u, NULL) != ERR_OK) {
		return fail_setf(f, ERR_CONFIG, "AUTH_PUBLIC_URL is '%s'; it "
		    "must be a URL such as https://mcp.example.com", url);
	}
	err = fill_auth(p, &setup, f);
	if (err == ERR_OK && p->config.rate_limit > 0) {
		p->rate = rate_new(p->real, p->config.rate_limit, &p->arena);
		err = p->rate != NULL ? ERR_OK :
		    fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	return err == ERR_OK ? auth_new(&p->auth, &setup, &p->arena, f) : err;
}

/* The path of the public URL, under which clients see this server. */
static struct str
public_path(const struct program *p)
{
	struct url u;

	if (url_parse(p->config.public_url, &u, NULL) != ERR_OK) {
		return S("");
	}
	return str_ends(u.path, S("/")) ? str_sub(u.path, 0, u.path.len - 1) :
	    u.path;
}

/* Reads certificate and key, where https is served. */
static enum err
open_tls(struct program *p, struct fail *f)
{
	const struct config *c = &p->config;

	return c->stdio || c->tls_cert.len == 0 ? ERR_OK :
	    tls_keeper_open(&p->tls, p->real, &p->log, c->tls_cert,
	    c->tls_key, f);
}

static int
serve(struct program *p, struct fail *f)
{
	if (open_tls(p, f) != ERR_OK || open_engine(p, f) != ERR_OK ||
	    open_auth(p, f) != ERR_OK) {
		return refuse(f);
	}
	fill_app(p);
	if (p->config.legacy_sse) {
		p->app.legacy = app_legacy_new(&p->arena, public_path(p));
		if (p->app.legacy == NULL) {
			return refuse((fail_set(f, ERR_NOMEM, 0, STR_NONE), f));
		}
	}
	if (start_refresher(p, f) != ERR_OK) {
		return refuse(f);
	}
	return p->config.stdio ? serve_stdio(p, f) : serve_http(p, f);
}

static int
demo_endpoint(struct program *p, struct fail *f)
{
	static struct server server;
	static struct demo_app app;
	struct buf line = buf_in(&p->arena, 1024);
	bool clean;

	p->sys = *p->real;
	demo_init(&p->demo, &p->sys);
	p->demo.verify = true;
	if (demo_faults(&p->demo, p->config.fault, f) != ERR_OK) {
		return refuse(f);
	}
	app.demo = &p->demo;
	app.sys = &p->sys;
	if (open_server(p, &server, demo_app_calls(&app), NULL, f) != ERR_OK) {
		return refuse(f);
	}
	buf_addf(&line, "AWS_ENDPOINT_URL=http://%s:%u\n"
	    "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n",
	    p->config.host, (uint64_t)server.port, S(DEMO_ACCESS_KEY),
	    S(DEMO_SECRET_KEY));
	put(STDOUT_FILENO, buf_str(&line));
	clean = server_run(&server);
	server_close(&server);
	return clean ? CLI_OK : CLI_FAILED;
}

/* One line that stands where the one before stood (ECMA-48 8.3.41, EL). */
static void
show_status(void *ctx, struct str line)
{
	(void)ctx;
	put(STDERR_FILENO, S("\r"));
	put(STDERR_FILENO, line);
	put(STDERR_FILENO, S("\033[K"));
}

/* The one call of `cloudwatch-mcp call`; here, because a signal ends it. */
static struct cancel call_cancel;

static void
cancel_call(int number)
{
	uint64_t one = 1;
	int saved = errno;

	(void)number;
	atomic_store(&call_cancel.raised, true);
	if (write(call_cancel.wake_fd, &one, sizeof(one)) < 0) {
		/* The flag alone is seen at the next step. */
	}
	errno = saved;
}

/* The first SIGINT or SIGTERM ends the call in an orderly way, so that a query
 * is stopped in AWS; the second one ends the program. */
static void
catch_signals(void)
{
	struct sigaction act = {
		.sa_handler = cancel_call,
		.sa_flags = SA_RESTART | (int)SA_RESETHAND,
	};

	call_cancel.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (call_cancel.wake_fd > 0) {
		(void)sigaction(SIGINT, &act, NULL);
		(void)sigaction(SIGTERM, &act, NULL);
	}
}

static int
call_tool(struct program *p, struct buf *out, struct buf *err, struct fail *f)
{
	int status;

	struct cli_terminal terminal = {
		.status = isatty(STDERR_FILENO) ? show_status : NULL,
		.draw = isatty(STDOUT_FILENO),
	};
	struct mcp_message m = {
		.arena = &p->arena,
		.sys = &p->sys,
		.aws = &p->aws,
		.cancel = &call_cancel,
	};

	if (open_engine(p, f) != ERR_OK) {
		return refuse(f);
	}
	catch_signals();
	m.deadline_ms = p->sys.mono_ms(p->sys.ctx) +
	    p->config.call_timeout_s * 1000;
	status = cli_call(p->mcp, &m, p->config.args[0],
	    p->config.arg_n > 1 ? p->config.args[1] : STR_NONE, &terminal,
	    out, err);
	return atomic_load(&call_cancel.raised) ? CLI_CANCELLED : status;
}

static int
examine(struct program *p, struct buf *out, struct fail *f)
{
	struct auth_setup inbound;
	struct cli_doctor_setup setup = {
		.json = p->config.json,
		.region_given = p->config.region_given,
		.public_url = p->config.public_url,
		.loopback = url_host_is_loopback(p->config.host),
	};

	if (open_engine(p, f) != ERR_OK) {
		return refuse(f);
	}
	if (!p->config.stdio && !p->config.demo) {
		if (fill_auth(p, &inbound, f) != ERR_OK) {
			return refuse(f);
		}
		setup.inbound = &inbound;
	}
	return cli_doctor(&p->aws, &p->arena, &setup, out);
}

static int
ask_health(struct program *p, struct buf *out, struct buf *err,
    struct fail *f)
{
	p->config.demo = false;
	if (open_transport(p, f) != ERR_OK) {
		return refuse(f);
	}
	return cli_health(&p->transport, &p->sys, &p->arena, p->config.host,
	    (uint16_t)p->config.port, out, err);
}

static int
list_tools(struct program *p, struct buf *out, struct buf *err,
    struct fail *f)
{
	struct mcp_config config = { .tool_n = 0 };
	struct tools_set set;

	/* The reference shows them all. */
	if (tools_select(p->config.tools, p->config.tools_deny,
	    p->config.images || p->config.markdown, &p->arena, &set, f) !=
	    ERR_OK) {
		buf_addf(err, "cloudwatch-mcp: %s\n", fail_text(f));
		return CLI_USAGE;
	}
	config.tools = set.tools;
	config.tool_n = set.n;
	if (p->config.markdown) {
		cli_markdown(&config, out);
		return CLI_OK;
	}
	return cli_tools(&config, p->config.arg_n > 0 ? p->config.args[0] :
	    STR_NONE, out, err);
}

/* Commands that print and end. */
static int
command(struct program *p, struct fail *f)
{
	struct buf out = buf_in(&p->arena, JOB_ARENA_CAP);
	struct buf err = buf_in(&p->arena, 2 * FAIL_TEXT_MAX);
	int code = CLI_OK;

	switch (p->config.command) {
	case CONFIG_HELP:
		config_help(&out);
		break;
	case CONFIG_VERSION:
		if (p->config.sbom) {
			cli_sbom(&out);
		} else if (p->config.notices) {
			cli_notices(&out);
		} else {
			buf_add(&out, S("cloudwatch-mcp " VERSION "\n"));
		}
		break;
	case CONFIG_TOOLS:
		code = list_tools(p, &out, &err, f);
		break;
	case CONFIG_CALL:
		code = call_tool(p, &out, &err, f);
		break;
	case CONFIG_HEALTH:
		code = ask_health(p, &out, &err, f);
		break;
	case CONFIG_DOCTOR:
		code = examine(p, &out, f);
		break;
	case CONFIG_SERVE:
	case CONFIG_DEMO_ENDPOINT:
		break;
	}
	put(STDOUT_FILENO, buf_str(&out));
	put(STDERR_FILENO, buf_str(&err));
	return code;
}

int
main(int argc, char **argv)
{
	struct program *p = &program;
	struct sys_linux *machine;
	struct str *words;
	size_t n = argc > 1 ? (size_t)argc - 1 : 0;
	struct fail f;

	/* A peer that went away is an error value, not the end. */
	(void)signal(SIGPIPE, SIG_IGN);
	arena_init(&p->arena, PROGRAM_ARENA_CAP);
	arena_init(&p->machine, MACHINE_ARENA_CAP);
	fail_init(&f, &p->arena);
	words = ARENA_ARRAY(&p->arena, n, struct str);
	if (words == NULL) {
		return CLI_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		words[i] = str_from_z(argv[i + 1]);
	}
	if (sys_linux_new(&machine, &p->machine, environ, &f) != ERR_OK) {
		return refuse(&f);
	}
	p->real = sys_linux_sys(machine);
	if (config_parse(&p->config, words, n, config_env,
	    (void *)(uintptr_t)p->real, &p->arena, &f) != ERR_OK) {
		return refuse(&f);
	}
	p->log = (struct log){ &p->sys, (enum log_level)p->config.log_level };
	/* A person at a terminal wants the answer, which says why it failed,
	 * and the diary only when asked for. */
	if ((p->config.command == CONFIG_CALL ||
	    p->config.command == CONFIG_DOCTOR) && p->log.level == LOG_INFO) {
		p->log.sys = NULL;
	}
	if (p->config.command == CONFIG_SERVE) {
		return serve(p, &f);
	}
	if (p->config.command == CONFIG_DEMO_ENDPOINT) {
		return demo_endpoint(p, &f);
	}
	return command(p, &f);
}
