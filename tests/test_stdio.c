/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/stdio over pipes with an app that reads only the first word of a line:
 *
 *	echo TEXT     answered at once with TEXT
 *	note          a notification: no answer
 *	wait ID TEXT  deferred; answers TEXT when the gate opens
 *	emit ID N     deferred; N progress lines, then "done"
 *	cancel ID     cancels the call with that id, answers yes or no
 *	big N         a line of N bytes
 */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/stdio.h"

static struct stdio_config config;
static atomic_bool go;
static atomic_uint running_n, cancelled_n;
static pthread_t thread;
static enum err result;
static int to_fd;   /* the client's end of standard input */
static int from_fd; /* ... and of standard output */

static void
answer(struct app_job *job, struct str text)
{
	struct buf b = buf_in(&job->arena, JOB_ARENA_CAP);

	buf_add(&b, text);
	buf_add_byte(&b, '\n');
	job->reply_body = buf_str(&b);
}

static enum app_verdict
begin(void *app, struct app_job *job)
{
	struct str rest = job->body;
	struct str word = str_cut(&rest, ' ');
	uint64_t n = 0;

	(void)app;
	if (job->front != APP_STDIO || job->http != NULL) {
		answer(job, S("not stdio"));
	} else if (str_eq(word, S("echo"))) {
		answer(job, rest);
	} else if (str_eq(word, S("wait")) || str_eq(word, S("emit"))) {
		job->rpc_id = str_cut(&rest, ' ');
		return APP_DEFER;
	} else if (str_eq(word, S("cancel"))) {
		answer(job, job->cancel_call(job, rest) ? S("yes") : S("no"));
	} else if (str_eq(word, S("big")) && str_u64(rest, 1 << 24, &n)) {
		struct buf b = buf_in(&job->arena, JOB_ARENA_CAP);

		buf_fill(&b, 'x', n - 1);
		buf_add_byte(&b, '\n');
		job->reply_body = buf_str(&b);
	}
	return APP_DONE;
}

static void
run(void *app, struct app_job *job)
{
	struct str rest = job->body;
	struct str word = str_cut(&rest, ' ');
	uint64_t n = 0;

	(void)app;
	str_cut(&rest, ' ');
	if (str_eq(word, S("emit")) && str_u64(rest, 10000, &n)) {
		for (uint64_t i = 0; i < n; i++) {
			job->emit(job, S("progress\n"));
		}
		answer(job, S("done"));
		return;
	}
	atomic_fetch_add(&running_n, 1);
	for (int i = 0; i < 1000 && !atomic_load(&go); i++) {
		struct pollfd fd = { job->cancel.wake_fd, POLLIN, 0 };

		if (poll(&fd, 1, 5) > 0 && sys_cancelled(&job->cancel)) {
			atomic_fetch_add(&cancelled_n, 1);
			break;
		}
	}
	answer(job, rest);
}

static const struct app_calls calls = { .begin = begin, .run = run };

static void *
serve(void *arg)
{
	(void)arg;
	result = stdio_run(&config, calls);
	close(config.in_fd);
	close(config.out_fd);
	return NULL;
}

static void
defaults(void)
{
	int in[2], out[2];

	stdio_config_default(&config);
	config.pool.worker_n = 2;
	config.pool.queue_n = 2;
	config.pool.job_n = 32;
	config.signals = false;
	atomic_store(&go, false);
	atomic_store(&running_n, 0);
	atomic_store(&cancelled_n, 0);
	if (pipe(in) != 0 || pipe(out) != 0) {
		abort();
	}
	config.in_fd = in[0];
	to_fd = in[1];
	from_fd = out[0];
	config.out_fd = out[1];
	signal(SIGPIPE, SIG_IGN);
}

static bool
start(void)
{
	return pthread_create(&thread, NULL, serve, NULL) == 0;
}

static bool
put(struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(to_fd, s.p, s.len);

		if (n <= 0) {
			return false;
		}
		s = str_sub(s, (size_t)n, s.len);
	}
	return true;
}

static char got[1 << 20];

/* Reads until as many lines came, the end, or five seconds of silence. */
static struct str
get_lines(unsigned line_n)
{
	size_t len = 0;

	while (line_n > 0) {
		struct pollfd fd = { from_fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&fd, 1, 5000) != 1) {
			break;
		}
		n = read(from_fd, got + len, sizeof(got) - len);
		if (n <= 0) {
			break;
		}
		for (ssize_t i = 0; i < n; i++) {
			line_n -= got[len + (size_t)i] == '\n' && line_n > 0;
		}
		len += (size_t)n;
	}
	return str_of(got, len);
}

/* Ends the input, returns what was still written. */
static struct str
finish(void)
{
	struct str rest;

	close(to_fd);
	rest = get_lines(UINT32_MAX);
	pthread_join(thread, NULL);
	close(from_fd);
	return rest;
}

static bool
reaches(atomic_uint *n, unsigned want)
{
	for (int i = 0; i < 5000 && atomic_load(n) < want; i++) {
		poll(NULL, 0, 1);
	}
	return atomic_load(n) >= want;
}

TEST(lines_are_answered_in_order)
{
	defaults();
	CHECK(start());
	CHECK(put(S("echo one\necho two\r\n\n  \r\nnote\necho three\n")));
	CHECK_STR(get_lines(3), S("one\ntwo\nthree\n"));
	CHECK_STR(finish(), S(""));
	CHECK(result == ERR_OK);
}

TEST(a_line_may_come_in_any_pieces)
{
	defaults();
	CHECK(start());
	for (const char *p = "echo ab\necho cd\n"; *p != '\0'; p++) {
		CHECK(put(str_of(p, 1)));
		poll(NULL, 0, 1);
	}
	CHECK_STR(get_lines(2), S("ab\ncd\n"));
	CHECK_STR(finish(), S(""));
}

TEST(a_last_line_without_newline_counts)
{
	defaults();
	CHECK(start());
	CHECK(put(S("echo one\necho two")));
	CHECK_STR(finish(), S("one\ntwo\n"));
	CHECK(result == ERR_OK);
}

TEST(a_long_call_blocks_nothing)
{
	defaults();
	CHECK(start());
	CHECK(put(S("wait 1 slow\necho quick\n")));
	CHECK_STR(get_lines(1), S("quick\n"));
	CHECK(put(S("echo again\n")));
	CHECK_STR(get_lines(1), S("again\n"));
	atomic_store(&go, true);
	CHECK_STR(get_lines(1), S("slow\n"));
	CHECK_STR(finish(), S(""));
}

TEST(more_calls_than_the_queue_holds_are_refused_with_their_id)
{
	unsigned busy_n = 0, slow_n = 0;
	struct str all;

	defaults();
	CHECK(start());
	CHECK(put(S("wait 1 slow\nwait 2 slow\nwait 3 slow\nwait 4 slow\n"
	    "wait 5 slow\n")));
	all = get_lines(1);
	CHECK_STR(all, S("{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":"
	    "-32603,\"message\":\"all workers are busy; try again shortly\""
	    "}}\n"));
	atomic_store(&go, true);
	all = finish();
	while (all.p != NULL) {
		struct str line = str_cut(&all, '\n');

		slow_n += str_eq(line, S("slow"));
		busy_n += line.len > 10;
	}
	CHECK_INT(slow_n, 4);
	CHECK_INT(busy_n, 0);
}

TEST(a_cancelled_call_stops_and_says_nothing)
{
	defaults();
	CHECK(start());
	CHECK(put(S("wait \"a\" never\nwait \"b\" later\n")));
	CHECK(put(S("cancel \"a\"\ncancel \"c\"\n")));
	CHECK_STR(get_lines(2), S("yes\nno\n"));
	CHECK(reaches(&cancelled_n, 1));
	CHECK(put(S("cancel \"a\"\n")));
	CHECK_STR(get_lines(1), S("no\n"));
	atomic_store(&go, true);
	CHECK_STR(get_lines(1), S("later\n"));
	CHECK_STR(finish(), S(""));
	CHECK_INT(atomic_load(&cancelled_n), 1);
}

TEST(of_two_calls_with_one_id_the_older_is_cancelled)
{
	defaults();
	CHECK(start());
	CHECK(put(S("wait 0 first\nwait 0 second\ncancel 0\n")));
	CHECK_STR(get_lines(1), S("yes\n"));
	CHECK(reaches(&cancelled_n, 1));
	atomic_store(&go, true);
	CHECK_STR(finish(), S("second\n"));
	/* Cancelled twice, both are, even when the first is still ending. */
	defaults();
	CHECK(start());
	CHECK(put(S("wait 0 first\nwait 0 second\ncancel 0\ncancel 0\n"
	    "cancel 0\n")));
	CHECK(str_starts(get_lines(3), S("yes\nyes\n")));
	CHECK(reaches(&cancelled_n, 2));
	CHECK_STR(finish(), S(""));
}

TEST(progress_comes_before_the_answer_and_lines_stay_whole)
{
	unsigned progress_n = 0, big_n = 0, done_n = 0;
	struct str all;

	defaults();
	CHECK(start());
	CHECK(put(S("emit 1 50\nemit 2 50\nbig 50000\nbig 50000\n")));
	all = finish();
	while (all.len > 0) {
		struct str line = str_cut(&all, '\n');

		CHECK(done_n < 2 || progress_n == 100);
		if (str_eq(line, S("progress"))) {
			progress_n++;
		} else if (str_eq(line, S("done"))) {
			done_n++;
		} else {
			CHECK_INT(line.len, 49999);
			CHECK(str_find_byte(line, 'p', 0) == line.len);
			big_n++;
		}
	}
	CHECK_INT(progress_n, 100);
	CHECK_INT(done_n, 2);
	CHECK_INT(big_n, 2);
}

TEST(a_line_that_is_too_long_is_refused_and_skipped)
{
	static char junk[10000];

	memset(junk, 'j', sizeof(junk));
	defaults();
	config.line_max = 4000;
	CHECK(start());
	for (int i = 0; i < 10; i++) {
		CHECK(put(str_of(junk, sizeof(junk))));
	}
	CHECK(put(S("\necho after\n")));
	CHECK_STR(get_lines(2), S("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":"
	    "-32600,\"message\":\"the line is longer than a message may be\""
	    "}}\nafter\n"));
	/* Also when it comes in one read, with its newline. */
	CHECK(put(str_of(junk, 5000)));
	CHECK(put(S("\necho after\n")));
	CHECK(str_ends(get_lines(2), S("}}\nafter\n")));
	/* The longest that is allowed. */
	memcpy(junk, "echo ", 5);
	CHECK(put(str_of(junk, 4000)));
	CHECK(put(S("\n")));
	CHECK_INT(get_lines(1).len, 4000 - 5 + 1);
	/* At the end of input it is dropped as well. */
	CHECK(put(str_of(junk, 5000)));
	CHECK(str_ends(finish(), S("may be\"}}\n")));
}

TEST(the_longest_message_arrives_whole)
{
	static char line[HTTP_BODY_MAX];

	memset(line, 'l', sizeof(line));
	memcpy(line, "echo ", 5);
	defaults();
	CHECK(start());
	/* The answer is longer than the pipe holds: it is read only after all
	 * was written, because the server reads before it answers. */
	CHECK(put(str_of(line, sizeof(line))));
	CHECK(put(S("\n")));
	CHECK_INT(get_lines(1).len, HTTP_BODY_MAX - 5 + 1);
	CHECK_STR(finish(), S(""));
}

TEST(after_the_end_of_input_calls_in_flight_finish)
{
	defaults();
	CHECK(start());
	CHECK(put(S("wait 1 slow\n")));
	CHECK(reaches(&running_n, 1));
	close(to_fd);
	poll(NULL, 0, 20);
	atomic_store(&go, true);
	CHECK_STR(get_lines(2), S("slow\n"));
	pthread_join(thread, NULL);
	close(from_fd);
	CHECK_INT(atomic_load(&cancelled_n), 0);
	CHECK(result == ERR_OK);
}

TEST(after_the_drain_time_they_are_cancelled)
{
	int64_t begin_ms = loop_clock_ms();

	defaults();
	config.drain_ms = 30;
	CHECK(start());
	CHECK(put(S("wait 1 slow\n")));
	CHECK_STR(finish(), S(""));
	CHECK(atomic_load(&cancelled_n) == 1);
	CHECK(loop_clock_ms() - begin_ms < 3000);
}

TEST(a_client_that_reads_nothing_more_ends_the_server)
{
	defaults();
	CHECK(start());
	CHECK(put(S("wait 1 slow\n")));
	CHECK(reaches(&running_n, 1));
	close(from_fd);
	pthread_join(thread, NULL);
	close(to_fd);
	CHECK(result == ERR_OK);
	CHECK_INT(atomic_load(&cancelled_n), 1);
}

TEST(a_client_that_reads_late_gets_everything)
{
	struct str all;
	size_t len = 0;
	int n = 0;

	defaults();
	CHECK(start());
	/* More than a pipe and the ready list hold: reading stops meanwhile. */
	for (int i = 0; i < 20; i++) {
		CHECK(put(S("big 20000\necho end\n")));
	}
	poll(NULL, 0, 20);
	all = finish();
	for (; all.len > 0; n++) {
		len += str_cut(&all, '\n').len + 1;
	}
	CHECK_INT(n, 40);
	CHECK_INT(len, 20 * (20000 + 4));
}

TEST(a_regular_file_is_a_good_input)
{
	char path[] = "/tmp/test_stdio.XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, "echo one\necho two", 17) == 17);
	lseek(fd, 0, SEEK_SET);
	unlink(path);
	defaults();
	close(config.in_fd);
	config.in_fd = fd;
	CHECK(start());
	CHECK_STR(finish(), S("one\ntwo\n"));
}

/* A server process of its own; its exit status, or -1. */
static int
signalled(const int *signals, int n)
{
	int status = -1;
	pid_t pid;

	defaults();
	config.signals = true;
	pid = fork();
	if (pid == 0) {
		alarm(20);
		close(to_fd);
		close(from_fd);
		_exit(stdio_run(&config, calls) == ERR_OK ? 0 : 1);
	}
	close(config.in_fd);
	close(config.out_fd);
	if (!put(S("wait 1 slow\necho up\n")) || get_lines(1).len != 3) {
		return -1;
	}
	for (int i = 0; i < n; i++) {
		kill(pid, signals[i]);
		poll(NULL, 0, 20);
	}
	waitpid(pid, &status, 0);
	close(to_fd);
	close(from_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(signals_end_it_with_success)
{
	int64_t begin_ms = loop_clock_ms();

	CHECK_INT(signalled((const int[]){ SIGTERM, SIGTERM }, 2), 0);
	CHECK_INT(signalled((const int[]){ SIGINT, SIGTERM }, 2), 0);
	CHECK(loop_clock_ms() - begin_ms < 4000);
}
