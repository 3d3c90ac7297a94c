/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Thompson machine. Jumps are relative, so that a compiled part can be moved
 * (an alternative or a loop is put in front of it) and copied ({m,n}).
 */
#include "demo/demo_regex.h"

#include <string.h>

/* Groups within each other. */
#define DEPTH_MAX 16
#define REPEAT_MAX 100

enum op { OP_BYTE, OP_CLASS, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_WORD,
	OP_MATCH };

struct inst {
	uint8_t op;
	uint8_t byte;  /* OP_BYTE: the byte; OP_CLASS: number of the class */
	int16_t x, y;  /* OP_SPLIT, OP_JUMP: relative targets */
};

struct demo_regex {
	struct inst code[DEMO_REGEX_MAX_N];
	size_t n;
	uint8_t classes[DEMO_REGEX_CLASS_MAX_N][32]; /* bit per byte */
	size_t class_n;
	bool fold;
	struct str literal; /* the pattern is plain text: just look for it */
	bool skips;         /* every match begins with a byte of `first` */
	bool first[256];
};

struct compiler {
	struct demo_regex *re;
	struct str in;
	size_t at;
	unsigned depth;
	bool failed;
};

static void
emit(struct compiler *c, enum op op, uint8_t byte, int x, int y)
{
	if (c->re->n == DEMO_REGEX_MAX_N) {
		c->failed = true;
		return;
	}
	c->re->code[c->re->n++] = (struct inst){ (uint8_t)op, byte,
	    (int16_t)x, (int16_t)y };
}

/* Puts one instruction in front of the part that begins at `at`. */
static void
insert(struct compiler *c, size_t at, struct inst in)
{
	emit(c, OP_MATCH, 0, 0, 0);
	if (!c->failed) {
		memmove(&c->re->code[at + 1], &c->re->code[at],
		    (c->re->n - 1 - at) * sizeof(in));
		c->re->code[at] = in;
	}
}

static void
class_add(uint8_t *set, unsigned from, unsigned to)
{
	for (unsigned b = from; b <= to; b++) {
		set[b / 8] |= (uint8_t)(1U << (b % 8));
	}
}

/* Adds what \d and its kin stand for; false: another escape. */
static bool
class_escape(uint8_t *set, char what)
{
	uint8_t part[32] = { 0 };
	bool negate = what >= 'A' && what <= 'Z';

	switch (str_lower_byte(what)) {
	case 'd':
		class_add(part, '0', '9');
		break;
	case 'w':
		class_add(part, '0', '9');
		class_add(part, 'a', 'z');
		class_add(part, 'A', 'Z');
		class_add(part, '_', '_');
		break;
	case 's':
		class_add(part, '\t', '\r');
		class_add(part, ' ', ' ');
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < 32; i++) {
		set[i] |= negate ? (uint8_t)~part[i] : part[i];
	}
	return true;
}

static uint8_t
escaped_byte(char c)
{
	return (uint8_t)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' :
	    c);
}

static uint8_t *
new_class(struct compiler *c)
{
	if (c->re->class_n == DEMO_REGEX_CLASS_MAX_N) {
		c->failed = true;
		return c->re->classes[0];
	}
	return c->re->classes[c->re->class_n++];
}

static int
peek(const struct compiler *c)
{
	return c->at < c->in.len ? (unsigned char)c->in.p[c->at] : -1;
}

static int
next(struct compiler *c)
{
	return c->at < c->in.len ? (unsigned char)c->in.p[c->at++] : -1;
}

/* One member of a class: a byte, or a whole escape (-1). */
static int
class_member(struct compiler *c, uint8_t *set)
{
	int b = next(c);

	if (b != '\\') {
		return b;
	}
	b = next(c);
	return b < 0 || class_escape(set, (char)b) ? -1 :
	    escaped_byte((char)b);
}

static void
parse_class(struct compiler *c)
{
	uint8_t *set = new_class(c);
	size_t number = c->re->class_n - 1;
	bool negate = peek(c) == '^', first = true;

	c->at += negate;
	while (!c->failed && (first || peek(c) != ']')) {
		int from = peek(c) < 0 ? -2 : class_member(c, set), to;

		first = false;
		if (from == -2) {
			c->failed = true;
		} else if (from >= 0) {
			to = from;
			if (peek(c) == '-' && c->at + 1 < c->in.len &&
			    c->in.p[c->at + 1] != ']') {
				c->at++;
				to = class_member(c, set);
			}
			if (to < from) {
				c->failed = true;
			} else {
				class_add(set, (unsigned)from, (unsigned)to);
			}
		}
	}
	(void)next(c);
	for (size_t i = 0; negate && i < 32; i++) {
		set[i] = (uint8_t)~set[i];
	}
	emit(c, OP_CLASS, (uint8_t)number, 0, 0);
}

static void parse_alternative(struct compiler *c);

static void
parse_group(struct compiler *c)
{
	struct str rest = str_sub(c->in, c->at, c->in.len);

	if (str_starts(rest, S("?:"))) {
		c->at += 2;
	} else if (str_starts(rest, S("?<")) && rest.len > 2 &&
	    str_is_alpha(rest.p[2])) {
		c->at += str_find_byte(rest, '>', 0) + 1;
	} else if (str_starts(rest, S("?"))) {
		c->failed = true;
	}
	if (c->depth++ == DEPTH_MAX) {
		c->failed = true;
	}
	if (!c->failed) {
		parse_alternative(c);
	}
	c->depth--;
	c->failed = c->failed || next(c) != ')';
}

static void
parse_atom(struct compiler *c)
{
	int b = next(c);

	if (b == '(') {
		parse_group(c);
	} else if (b == '[') {
		parse_class(c);
	} else if (b == '.') {
		uint8_t *set = new_class(c);

		class_add(set, 0, 255);
		set['\n' / 8] &= (uint8_t)~(1U << ('\n' % 8));
		emit(c, OP_CLASS, (uint8_t)(c->re->class_n - 1), 0, 0);
	} else if (b == '^' || b == '$') {
		emit(c, b == '^' ? OP_BEGIN : OP_END, 0, 0, 0);
	} else if (b == '*' || b == '+' || b == '?') {
		c->failed = true;
	} else if (b == '\\') {
		uint8_t set[32] = { 0 };

		b = next(c);
		if (b == 'b') {
			emit(c, OP_WORD, 0, 0, 0);
		} else if (b >= 0 && class_escape(set, (char)b)) {
			memcpy(new_class(c), set, sizeof(set));
			emit(c, OP_CLASS, (uint8_t)(c->re->class_n - 1), 0, 0);
		} else {
			c->failed = c->failed || b < 0;
			emit(c, OP_BYTE, escaped_byte((char)b), 0, 0);
		}
	} else {
		emit(c, OP_BYTE, (uint8_t)b, 0, 0);
	}
}

/* A copy of the part [from, from + n) at the end. */
static void
copy_part(struct compiler *c, size_t from, size_t n)
{
	for (size_t i = 0; i < n && !c->failed; i++) {
		struct inst in = c->re->code[from + i];

		emit(c, (enum op)in.op, in.byte, in.x, in.y);
	}
}

/* Makes the part that begins at `from` optional. */
static void
make_optional(struct compiler *c, size_t from)
{
	int n = (int)(c->re->n - from);

	insert(c, from, (struct inst){ OP_SPLIT, 0, 1, (int16_t)(n + 1) });
}

static void
make_star(struct compiler *c, size_t from)
{
	int n = (int)(c->re->n - from);

	make_optional(c, from);
	emit(c, OP_JUMP, 0, -(n + 1), 0);
	if (!c->failed) {
		c->re->code[from].y++;
	}
}

/* {m}, {m,} or {m,n}, or the shorthand. The part is there once already. */
static void
repeat(struct compiler *c, size_t from, uint64_t least, uint64_t most)
{
	size_t n = c->re->n - from, at;
	struct inst part[64];

	if (least > REPEAT_MAX || (most != UINT64_MAX && (most > REPEAT_MAX ||
	    most < least)) || n > sizeof(part) / sizeof(part[0])) {
		c->failed = true;
		return;
	}
	memcpy(part, &c->re->code[from], n * sizeof(part[0]));
	c->re->n = from;
	for (uint64_t i = 0; i < (most == UINT64_MAX ? least + 1 : most) &&
	    !c->failed; i++) {
		at = c->re->n;
		if (at + n > DEMO_REGEX_MAX_N) {
			c->failed = true;
			break;
		}
		memcpy(&c->re->code[at], part, n * sizeof(part[0]));
		c->re->n += n;
		if (i >= least && most == UINT64_MAX) {
			make_star(c, at);
		} else if (i >= least) {
			make_optional(c, at);
		}
	}
}

static void
parse_counts(struct compiler *c, size_t from)
{
	size_t end = str_find_byte(c->in, '}', c->at);
	struct str counts = str_sub(c->in, c->at, end);
	struct str low = str_cut(&counts, ',');
	uint64_t least = 0, most;

	c->at = end + 1;
	if (end >= c->in.len || !str_u64(low, 1000, &least)) {
		c->failed = true;
		return;
	}
	most = counts.p == NULL ? least : UINT64_MAX;
	if (counts.p != NULL && counts.len > 0 &&
	    !str_u64(counts, 1000, &most)) {
		c->failed = true;
	}
	if (!c->failed) {
		repeat(c, from, least, most);
	}
}

static void
parse_sequence(struct compiler *c)
{
	while (!c->failed && peek(c) >= 0 && peek(c) != '|' &&
	    peek(c) != ')') {
		size_t from = c->re->n;

		parse_atom(c);
		if (c->failed) {
			return;
		}
		switch (peek(c)) {
		case '*':
			c->at++;
			make_star(c, from);
			break;
		case '+':
			c->at++;
			/* Once more behind it, then as often as one likes. */
			copy_part(c, from, c->re->n - from);
			make_star(c, from + (c->re->n - from) / 2);
			break;
		case '?':
			c->at++;
			make_optional(c, from);
			break;
		case '{':
			c->at++;
			parse_counts(c, from);
			break;
		default:
			continue;
		}
		/* Lazy or not makes no difference to whether it matches. */
		c->at += peek(c) == '?';
	}
}

static void
parse_alternative(struct compiler *c)
{
	size_t from = c->re->n;

	parse_sequence(c);
	while (!c->failed && peek(c) == '|') {
		size_t jump;

		c->at++;
		make_optional(c, from);
		if (!c->failed) {
			c->re->code[from].y++;
		}
		jump = c->re->n;
		emit(c, OP_JUMP, 0, 0, 0);
		parse_sequence(c);
		if (!c->failed) {
			c->re->code[jump].x = (int16_t)(c->re->n - jump);
		}
	}
}

/* Threads of one moment: program counters, each at most once. */
struct threads {
	uint16_t pc[DEMO_REGEX_MAX_N];
	size_t n;
};

struct machine {
	const struct demo_regex *re;
	struct str s;
	uint32_t seen[DEMO_REGEX_MAX_N]; /* position + 1 it was added at */
	bool matched;
};

static bool
is_word(struct str s, size_t i)
{
	return i < s.len && (str_is_alnum(s.p[i]) || s.p[i] == '_');
}

/* Adds a thread and all it reaches without taking a byte. */
static void
add_thread(struct machine *m, struct threads *t, size_t pc, size_t at)
{
	/* Each instruction is looked at once and adds two at most. */
	uint16_t stack[2 * DEMO_REGEX_MAX_N + 2];
	size_t depth = 0;

	stack[depth++] = (uint16_t)pc;
	while (depth > 0) {
		const struct inst *in;

		pc = stack[--depth];
		if (m->seen[pc] == at + 1) {
			continue;
		}
		m->seen[pc] = (uint32_t)(at + 1);
		in = &m->re->code[pc];
		if (in->op == OP_JUMP || in->op == OP_SPLIT) {
			if (in->op == OP_SPLIT) {
				stack[depth++] = (uint16_t)((int)pc + in->y);
			}
			stack[depth++] = (uint16_t)((int)pc + in->x);
		} else if (in->op == OP_MATCH) {
			m->matched = true;
		} else if ((in->op == OP_BEGIN && at == 0) ||
		    (in->op == OP_END && at == m->s.len) ||
		    (in->op == OP_WORD && is_word(m->s, at) !=
		    (at > 0 && is_word(m->s, at - 1)))) {
			stack[depth++] = (uint16_t)(pc + 1);
		} else if (in->op == OP_BYTE || in->op == OP_CLASS) {
			t->pc[t->n++] = (uint16_t)pc;
		}
	}
}

static bool
takes(const struct demo_regex *re, const struct inst *in, char c)
{
	uint8_t b = (uint8_t)c;

	if (in->op == OP_BYTE) {
		return re->fold ? str_lower_byte(c) ==
		    str_lower_byte((char)in->byte) : b == in->byte;
	}
	if ((re->classes[in->byte][b / 8] >> (b % 8) & 1) != 0) {
		return true;
	}
	if (!re->fold || !str_is_alpha(c)) {
		return false;
	}
	b ^= 0x20;
	return (re->classes[in->byte][b / 8] >> (b % 8) & 1) != 0;
}

/* Which bytes a match can begin with. A pattern that also matches nothing, or
 * looks around first, has to be tried everywhere. */
static void
find_first(struct demo_regex *re)
{
	struct machine m = { .re = re, .s = S("") };
	struct threads t;

	t.n = 0;
	add_thread(&m, &t, 0, 0);
	re->skips = !m.matched;
	for (size_t i = 0; i < re->n; i++) {
		re->skips = re->skips && re->code[i].op != OP_BEGIN &&
		    re->code[i].op != OP_END && re->code[i].op != OP_WORD;
	}
	for (size_t i = 0; i < t.n; i++) {
		for (unsigned b = 0; b < 256; b++) {
			re->first[b] = re->first[b] || takes(re,
			    &re->code[t.pc[i]], (char)b);
		}
	}
}

/* see demo_regex.h */
struct demo_regex *
demo_regex_compile(struct arena *a, struct str pattern)
{
	struct compiler c = { .re = ARENA_NEW(a, struct demo_regex),
		.in = pattern };

	if (c.re == NULL) {
		return NULL;
	}
	if (str_starts(pattern, S("(?i)"))) {
		c.re->fold = true;
		c.at = 4;
	}
	parse_alternative(&c);
	emit(&c, OP_MATCH, 0, 0, 0);
	if (c.failed || c.at < pattern.len || pattern.len == 0) {
		return NULL;
	}
	find_first(c.re);
	c.re->literal = pattern;
	for (size_t i = 0; i < pattern.len; i++) {
		if (str_find_byte(S("\\^$.|?*+()[]{}"), pattern.p[i], 0) < 14) {
			c.re->literal = STR_NONE;
			break;
		}
	}
	return c.re;
}

/* see demo_regex.h */
bool
demo_regex_search(const struct demo_regex *re, struct str s, uint64_t *steps)
{
	struct machine m = { .re = re, .s = s };
	struct threads lists[2];
	struct threads *now = &lists[0], *then = &lists[1];

	if (re->literal.p != NULL) {
		return str_find(s, re->literal, 0) + re->literal.len <= s.len;
	}
	now->n = 0;
	for (size_t at = 0; at <= s.len; at++) {
		struct threads *swap;

		while (re->skips && now->n == 0 && at < s.len &&
		    !re->first[(unsigned char)s.p[at]]) {
			at++;
		}
		add_thread(&m, now, 0, at);
		if (m.matched) {
			return true;
		}
		if (*steps < now->n + 1) {
			*steps = 0;
			return false;
		}
		*steps -= now->n + 1;
		then->n = 0;
		for (size_t i = 0; at < s.len && i < now->n; i++) {
			if (takes(re, &re->code[now->pc[i]], s.p[at])) {
				add_thread(&m, then, now->pc[i] + 1U, at + 1);
			}
		}
		if (m.matched) {
			return true;
		}
		swap = now;
		now = then;
		then = swap;
	}
	return false;
}
