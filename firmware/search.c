/* SPDX-License-Identifier: MIT */
/*
 * firmware/search.c: the search for settings that give a launch digest.
 *
 * The digest is a chain: regions of the plan first, then a VMSA for each vCPU. So the search keeps
 * what it has measured of either part: fronts, which are plans measured up to their last region,
 * and backs, which are what VMSAs can be like. Each pair of the two is walked vCPU by vCPU, which
 * tries all numbers of vCPUs at once.
 *
 * SHA-384 has no collisions, so once the digest is found, every other explanation has the very same
 * regions and VMSAs, and comparing is enough to find them all.
 */
#include "firmware/search.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/out/explanation.h"
#include "core/snp/digest.h"
#include "core/snp/vmsa.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/selftest.h"
#include "firmware/stage0.h"
#include "firmware/variation.h"

/* The number of the value that an axis has, from 1; 0: the manifest's. */
typedef uint16_t picks_t[AXES];
static_assert((int)AXES <= EXPLAINED_CHANGES, "an explanation has room for all of them");

/* Some axes away from the manifest. */
struct choice {
	picks_t picks;
	unsigned changes;
	enum rank rank; /* the highest of its values */
};

/* A plan, measured up to its last region. */
struct front {
	struct choice choice;
	uint8_t digest[SNP_DIGEST_SIZE];
	size_t group;
	unsigned vcpus; /* the only number that its pages are right for; 0: any */
	bool twin;      /* an earlier one has the same digest and group */
};

typedef uint8_t hash_t[SNP_DIGEST_SIZE];

/*
 * What bounds the memory of a search with a large budget. Beyond VMSAS_KEPT backs, VMSAs are hashed
 * each time; beyond FRONTS_COMPARED fronts, equal ones aren't noticed.
 */
enum { FRONTS_MAX = 1 << 17, FRONTS_COMPARED = 4096, VMSAS_KEPT = 4096 };

/* Fronts whose vCPUs start in the same states. */
struct group {
	struct vcpu_state *states; /* of vCPU 0, 1, ...; all further ones start as the last */
	size_t n_states;           /* 0: all VMSAs are in the regions */
	enum vmsa_flavour flavour;
	uint64_t features;
	hash_t **vmsas; /* for each back, the contents of n_states VMSAs; NULL: not known yet */
	size_t n_vmsas;
};

struct search {
	const struct variations *v;
	const struct search_limits *limits;
	const struct platform *on;
	uint8_t want[2][SNP_DIGEST_SIZE]; /* as given, and with its bytes in reverse */
	uint64_t end_ns;                  /* of this thread's CPU time */
	struct snp_kept *kept;
	struct front *fronts;
	size_t n_fronts;
	struct choice *backs;
	size_t n_backs;
	struct group *groups;
	size_t n_groups;
	hash_t *vmsas; /* of the last back that isn't kept */
	/* whether all choices of so many changes whose highest rank is this one are there */
	bool fronts_made[AXES + 1][RANK_FAR + 1], backs_made[AXES + 1][RANK_FAR + 1];
	uint64_t tried;
	bool over; /* the digest is found, or there is no time left */
	/* where it is found */
	bool found, reversed;
	size_t front, back; /* their numbers */
	unsigned vcpus;     /* whose VMSAs are in it; 0: none */
	char place[256];    /* if it isn't the end of a launch */
	struct error *err;
};

static bool search_time_left(struct search *s)
{
	s->over |= clock_thread_ns() >= s->end_ns;
	return !s->over;
}

/* Whether a digest is the wanted one. */
static bool search_hit(struct search *s, const uint8_t digest[static SNP_DIGEST_SIZE])
{
	s->tried++;
	for (size_t i = 0; i < ARRAY_SIZE(s->want); i++)
		if (memcmp(digest, s->want[i], SNP_DIGEST_SIZE) == 0) {
			s->found = s->over = true;
			s->reversed = i > 0;
			return true;
		}
	return false;
}

/* --- fronts --- */

/* What a plan becomes while it is measured. */
struct measuring {
	struct search *s;
	const struct launch *launch;
	struct snp_digest digest;
	struct group group;
	const struct vcpu_state *last; /* the state of the last vCPU */
	uint8_t page[PAGE_SIZE];       /* of hashes, as a rule changes it */
};

/* A digest in the middle of the regions is that of a launch that went no further. */
static void measuring_linked(void *self, const struct snp_digest *d, const struct region *r,
                             size_t page)
{
	struct measuring *m = self;
	size_t pages = r->size / PAGE_SIZE;

	if (!search_hit(m->s, d->value))
		return;
	if (page < pages)
		snprintf(m->s->place, sizeof(m->s->place),
		         "the launch stopped after page %zu of %zu of '%s'", page, pages, r->label);
	else
		snprintf(m->s->place, sizeof(m->s->place), "the launch stopped after '%s'",
		         r->label);
}

static int measuring_begin(void *self, const struct plan *p, struct error *err)
{
	struct measuring *m = self;

	m->group.flavour = plan_settings(p)->flavour;
	m->group.features = plan_settings(p)->sev_features;
	return snp_digest_ops.begin(&m->digest, p, err);
}

static int measuring_region(void *self, const struct region *r, struct error *err)
{
	struct measuring *m = self;
	struct region own = *r;

	if (!rules_region(&m->launch->rules, &own))
		return 0;
	if (rules_hash_page(&m->launch->rules, m->launch->m.cmdline, r, m->page))
		own.bytes = m->page;
	return snp_digest_ops.region(&m->digest, &own, err);
}

static int measuring_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct measuring *m = self;
	struct group *g = &m->group;

	if (g->n_states > 0 && s == m->last) /* the same pointer means the same state */
		return 0;
	do {
		if (!ARRAY_GROW(g->states, g->n_states))
			return error_nomem(err, "a search");
		g->states[g->n_states] = g->n_states < index ? g->states[g->n_states - 1] : *s;
	} while (g->n_states++ < index);
	m->last = s;
	return 0;
}

static const struct plan_ops measuring_ops = { measuring_begin, measuring_region, measuring_vcpu,
	                                       NULL };

/* Takes the states of *g. *ret: the number of the group that has them. */
static int group_find(struct search *s, struct group *g, size_t *ret)
{
	size_t i = 0;

	for (; i < s->n_groups; i++) {
		const struct group *o = &s->groups[i];

		if (o->n_states == g->n_states && o->flavour == g->flavour &&
		    o->features == g->features &&
		    memcmp(o->states, g->states, g->n_states * sizeof(*g->states)) == 0)
			break;
	}
	*ret = i;
	if (i == s->n_groups && ARRAY_GROW(s->groups, s->n_groups)) {
		s->groups[s->n_groups++] = *g;
		return 0;
	}
	free(g->states);
	return i < s->n_groups ? 0 : error_nomem(s->err, "a search");
}

static void launch_of(const struct search *s, const struct choice *front, const struct choice *back,
                      struct launch *ret)
{
	*ret = s->v->base;
	for (enum axis axis = 0; axis < AXES; axis++) {
		unsigned n = (axis < AXES_OF_PLAN ? front : back)->picks[axis];

		if (n > 0)
			axis_apply(axis, &s->v->of[axis].list[n - 1], ret);
	}
}

/* Builds and measures a plan. A launch that is impossible has no front. */
static int front_add(struct search *s, const struct choice *c)
{
	static const struct choice none;
	auto_plan const struct plan *plan = NULL;
	struct launch l;
	struct measuring m = { .s = s, .launch = &l };
	struct front *f;
	struct error refused = { 0 };
	bool fixed; /* the number of vCPUs is in its pages */
	unsigned vcpus;
	int r;

	s->over |= s->n_fronts == FRONTS_MAX;
	if (!search_time_left(s) && s->n_fronts > 0)
		return 0;
	launch_of(s, c, &none, &l);
	fixed = !l.m.firmware.path && !l.m.builtin;
	vcpus = l.m.vcpus;
	/* A plan of so many vCPUs has the states of all, and none of what only a run needs. */
	if (!fixed)
		l.m.vcpus = PLAN_RUN_VCPUS + 1;
	r = assemble(&l.m, &l.images, s->on, &plan, &refused);
	if (r < 0 && !fixed) { /* an image may have room for fewer */
		l.m.vcpus = vcpus;
		r = assemble(&l.m, &l.images, s->on, &plan, &refused);
	}
	if (r < 0 || plan_settings(plan)->no_measurement)
		return 0;
	if (!ARRAY_GROW(s->fronts, s->n_fronts))
		return error_nomem(s->err, "a search");
	m.digest.kept = s->kept;
	m.digest.linked = measuring_linked;
	m.digest.linked_self = &m;
	r = plan_replay(plan, &measuring_ops, &m, s->err);
	f = &s->fronts[s->n_fronts];
	*f = (struct front){ .choice = *c, .vcpus = fixed ? vcpus : 0 };
	memcpy(f->digest, m.digest.value, sizeof(f->digest));
	if (r == 0)
		r = group_find(s, &m.group, &f->group);
	else
		free(m.group.states);
	for (size_t i = 0; r == 0 && i < MIN(s->n_fronts, FRONTS_COMPARED) && !f->twin; i++)
		f->twin = s->fronts[i].group == f->group && s->fronts[i].vcpus == f->vcpus &&
		          memcmp(s->fronts[i].digest, f->digest, sizeof(f->digest)) == 0;
	if (r == 0 && s->found) {
		s->front = s->n_fronts;
		if (memcmp(f->digest, s->want[s->reversed], sizeof(f->digest)) == 0)
			snprintf(s->place, sizeof(s->place), "%s",
			         s->groups[f->group].n_states ? "no VMSA was measured" : "");
	}
	s->n_fronts++;
	return r;
}

/* --- backs --- */

static int back_add(struct search *s, const struct choice *c)
{
	if (!ARRAY_GROW(s->backs, s->n_backs))
		return error_nomem(s->err, "a search");
	s->backs[s->n_backs++] = *c;
	return 0;
}

/*
 * The VMSAs of a group's vCPUs, as a back has them, until the next call. NULL: out of memory, with
 * *err filled.
 */
static const hash_t *vmsas_of(struct search *s, size_t group, size_t back)
{
	static const struct choice none;
	struct group *g = &s->groups[group];
	struct launch l;
	hash_t *vmsas;

	for (; g->n_vmsas <= back && back < VMSAS_KEPT; g->vmsas[g->n_vmsas++] = NULL)
		if (!ARRAY_GROW(g->vmsas, g->n_vmsas)) {
			error_nomem(s->err, "a search");
			return NULL;
		}
	if (back < VMSAS_KEPT && g->vmsas[back])
		return g->vmsas[back];
	vmsas = calloc(g->n_states + 1, sizeof(*vmsas));
	if (!vmsas) {
		error_nomem(s->err, "a search");
		return NULL;
	}
	launch_of(s, &none, &s->backs[back], &l);
	if (!s->backs[back].picks[AXIS_FEATURES])
		l.features = g->features; /* an image may have its own */
	for (size_t i = 0; i < g->n_states; i++) {
		struct vmsa_rule rule = *vmsa_rule_of(g->flavour);
		struct vcpu_state state = g->states[i];

		rules_vcpu(&l.rules, i > 0, &g->states[0], &state, &rule);
		snp_vmsa_hash(&rule, &state, l.features, vmsas[i]);
	}
	if (back < VMSAS_KEPT)
		return g->vmsas[back] = vmsas;
	free(s->vmsas);
	return s->vmsas = vmsas;
}

/* --- choices --- */

typedef int choice_visit(struct search *s, const struct choice *c);

/* Visits each choice of `left` more axes, from..end - 1, whose highest rank is exactly `rank`. */
static int choose(struct search *s, const struct choice *c, enum axis from, enum axis end,
                  unsigned left, enum rank rank, choice_visit *visit)
{
	int r = 0;

	if (left == 0)
		return c->rank == rank ? visit(s, c) : 0;
	for (enum axis axis = from; axis < end; axis++)
		for (size_t i = 0; i < s->v->of[axis].n && r == 0 && !s->over; i++) {
			struct choice more = *c;

			more.picks[axis] = (uint16_t)(i + 1);
			more.changes++;
			more.rank = MAX(c->rank, s->v->of[axis].list[i].rank);
			if (more.rank <= rank)
				r = choose(s, &more, axis + 1, end, left - 1, rank, visit);
		}
	return r;
}

/* Sees that fronts and backs of so many changes and up to this rank are there. */
static int choices_make(struct search *s, unsigned changes, enum rank rank)
{
	static const struct choice none;
	int r = 0;

	for (enum rank i = RANK_MANIFEST; i <= rank && r == 0; i++) {
		if (!s->fronts_made[changes][i])
			r = choose(s, &none, 0, AXES_OF_PLAN, changes, i, front_add);
		if (r == 0 && !s->backs_made[changes][i])
			r = choose(s, &none, AXES_OF_PLAN, AXES, changes, i, back_add);
		s->fronts_made[changes][i] = s->backs_made[changes][i] = true;
	}
	return r;
}

/* --- the search --- */

static const struct phase {
	unsigned from, to; /* changes, besides the number of vCPUs */
	enum rank rank;
	enum { NEAR, FARTHER, ALL } vcpus;
} phases[] = {
	{ 0, 1, RANK_POSSIBLE, ALL },      { 2, 2, RANK_KNOWN, NEAR },
	{ 3, AXES, RANK_LIKELY, FARTHER }, { 2, 2, RANK_POSSIBLE, NEAR },
	{ 1, 1, RANK_FAR, ALL },           { 2, 2, RANK_KNOWN, ALL },
	{ 3, 3, RANK_KNOWN, NEAR },        { 2, 2, RANK_POSSIBLE, ALL },
	{ 2, 2, RANK_FAR, NEAR },          { 3, AXES, RANK_LIKELY, ALL },
	{ 4, AXES, RANK_KNOWN, NEAR },     { 3, AXES, RANK_FAR, ALL },
};

/* Measures VMSAs after a front, as many as there may be vCPUs. */
static int walk(struct search *s, size_t front, size_t back, unsigned most)
{
	const struct front *f = &s->fronts[front];
	size_t n_states = s->groups[f->group].n_states;
	const hash_t *vmsas = vmsas_of(s, f->group, back);
	struct snp_digest d = { 0 };

	if (!vmsas)
		return s->err->code;
	if (f->vcpus)
		most = f->vcpus;
	memcpy(d.value, f->digest, sizeof(d.value));
	for (unsigned n = 1; n <= most && n_states > 0 && !s->found; n++) {
		snp_digest_vmsa(&d, vmsas[MIN(n, n_states) - 1]);
		if ((f->vcpus == 0 || n == f->vcpus) && search_hit(s, d.value)) {
			s->front = front;
			s->back = back;
			s->vcpus = n;
		}
	}
	return 0;
}

static int phase_run(struct search *s, const struct phase *p)
{
	const unsigned given = s->v->base.m.vcpus;
	const unsigned most[] = { [NEAR] = MAX(2 * given, 16U),
		                  [FARTHER] = MAX(2 * given, 64U),
		                  [ALL] = MAX(given, (unsigned)PLAN_RUN_VCPUS) };
	unsigned to = s->limits->most_changes ? MIN(p->to, s->limits->most_changes) : p->to;
	int r = 0;

	for (unsigned changes = p->from; changes <= to && !s->over && r == 0; changes++) {
		r = choices_make(s, changes, p->rank);
		for (size_t f = 0; r == 0 && f < s->n_fronts && !s->over; f++) {
			const struct choice *front = &s->fronts[f].choice;

			if (s->fronts[f].twin || front->rank > p->rank || front->changes > changes)
				continue;
			for (size_t b = 0; r == 0 && b < s->n_backs && !s->over; b++)
				if (s->backs[b].rank <= p->rank &&
				    s->backs[b].changes == changes - front->changes &&
				    (changes == 0 || search_time_left(s)))
					r = walk(s, f, b, most[p->vcpus]);
		}
	}
	return r;
}

/* --- what was found --- */

/* The VMSAs of all vCPUs of the launch that was found, or of one that may be the same. */
static int vmsas_collect(struct search *s, size_t group, size_t back, hash_t *ret)
{
	const hash_t *vmsas = vmsas_of(s, group, back);
	size_t n = s->groups[group].n_states;

	if (!vmsas)
		return s->err->code;
	memset(ret, 0, s->vcpus * sizeof(*ret));
	for (size_t i = 0; i < s->vcpus && n > 0; i++)
		memcpy(ret[i], vmsas[MIN(i, n - 1)], sizeof(*ret));
	return 0;
}

static int change_add(struct explanation *x, const struct explained_change *c, char *manifest,
                      char *wanted, struct error *err)
{
	struct explained_change *to = &x->changes[x->n++];

	*to = *c;
	to->manifest = manifest;
	to->wanted = wanted;
	return manifest && wanted ? 0 : error_nomem(err, "an explanation");
}

static int explanation_add(struct search *s, const struct front *front, const struct choice *back,
                           struct explanations *ret)
{
	struct explanation *x;
	struct launch l;
	int r = 0;

	if (!ARRAY_GROW(ret->list, ret->n))
		return error_nomem(s->err, "an explanation");
	x = &ret->list[ret->n++];
	x->n = 0;
	launch_of(s, &front->choice, back, &l);
	if (front->vcpus == 0 && s->vcpus > 0)
		l.m.vcpus = s->vcpus;
	for (enum axis axis = 0; axis < AXES && r == 0; axis++) {
		const struct choice *from = axis < AXES_OF_PLAN ? &front->choice : back;
		unsigned n = from->picks[axis];
		bool file = axis == AXIS_FIRMWARE || axis == AXIS_KERNEL || axis == AXIS_INITRD;
		const struct explained_change c = {
			.key = axis_key(axis),
			.name = axis_name(axis),
			.sentence = axis_sentence(&l, axis),
			.is_path = file,
			.left_out = file && n > 0 && !s->v->of[axis].list[n - 1].file,
		};

		if (axis == AXIS_VCPUS ? l.m.vcpus != s->v->base.m.vcpus : n > 0)
			r = change_add(x, &c, axis_show(axis, &s->v->base), axis_show(axis, &l),
			               s->err);
	}
	return r;
}

/* All of the fewest changes that lead to the same regions and the same VMSAs. */
static int explanations_find(struct search *s, struct explanations *ret)
{
	static const struct choice none;
	const struct front hit = s->fronts[s->front];
	unsigned fewest = hit.choice.changes + (s->vcpus ? s->backs[s->back].changes : 0);
	auto_free hash_t *have = calloc(s->vcpus + 1, sizeof(*have));
	auto_free hash_t *want = calloc(s->vcpus + 1, sizeof(*want));
	int r;

	if (!have || !want)
		return error_nomem(s->err, "an explanation");
	if (s->vcpus == 0) /* the pages of others were not compared on their way */
		return explanation_add(s, &hit, &none, ret);
	r = vmsas_collect(s, hit.group, s->back, want);
	/* once to find out how many, once to collect */
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t f = 0; f < s->n_fronts; f++) {
			const struct front *front = &s->fronts[f];

			if (memcmp(front->digest, hit.digest, sizeof(hit.digest)) != 0 ||
			    front->vcpus != hit.vcpus || front->choice.changes > fewest)
				continue;
			for (size_t b = 0; b < s->n_backs && r == 0; b++) {
				unsigned n = front->choice.changes + s->backs[b].changes;

				if (pass == 0 ? n >= fewest : n != fewest)
					continue;
				r = vmsas_collect(s, front->group, b, have);
				if (r < 0 || memcmp(have, want, s->vcpus * sizeof(*have)) != 0)
					continue;
				fewest = n;
				if (pass == 1 && ret->n == EXPLANATIONS)
					ret->more = true;
				else if (pass == 1)
					r = explanation_add(s, front, &s->backs[b], ret);
			}
		}
	return r;
}

/* Images and our own guests' code stay as they are, so that their pages are hashed once. */
static int search_keep(struct search *s)
{
	const struct blob *firmware = &s->v->base.images.firmware;
	int r = snp_kept_add(s->kept, stage0_blob, (uint64_t)(stage0_blob_end - stage0_blob),
	                     s->err);

	if (r == 0)
		r = snp_kept_add(s->kept, selftest_blob,
		                 (uint64_t)(selftest_blob_end - selftest_blob), s->err);
	if (r == 0 && firmware->data)
		r = snp_kept_add(s->kept, firmware->data, firmware->size, s->err);
	for (const struct variation_file *f = s->v->files; f && r == 0; f = f->next)
		if (f->axis == AXIS_FIRMWARE)
			r = snp_kept_add(s->kept, f->images.firmware.data, f->images.firmware.size,
			                 s->err);
	return r;
}

static void search_fini(struct search *s)
{
	if (s->kept)
		snp_kept_fini(s->kept);
	free(s->kept);
	for (size_t i = 0; i < s->n_groups; i++) {
		for (size_t j = 0; j < s->groups[i].n_vmsas; j++)
			free(s->groups[i].vmsas[j]);
		free(s->groups[i].vmsas);
		free(s->groups[i].states);
	}
	free(s->groups);
	free(s->vmsas);
	free(s->fronts);
	free(s->backs);
}

int search(const struct variations *v, const uint8_t want[static PLAN_DIGEST],
           const struct search_limits *limits, struct explanations *ret, struct error *err)
{
	uint64_t start_us = clock_us();
	struct search s = {
		.v = v,
		.limits = limits,
		.on = platform_measured(manifest_platform(&v->base.m)),
		.end_ns = clock_thread_ns() + limits->budget_ms * 1000000,
		.kept = calloc(1, sizeof(*s.kept)),
		.err = err,
	};
	struct explanations e = { 0 };
	int r = s.kept ? search_keep(&s) : error_nomem(err, "a search");

	memcpy(s.want[0], want, PLAN_DIGEST);
	for (size_t i = 0; i < PLAN_DIGEST; i++)
		s.want[1][i] = want[PLAN_DIGEST - 1 - i];
	for (size_t i = 0; i < ARRAY_SIZE(phases) && r == 0 && !s.over; i++)
		r = phase_run(&s, &phases[i]);
	if (r == 0 && s.found)
		r = explanations_find(&s, &e);
	memcpy(e.want, s.want[s.reversed], PLAN_DIGEST);
	e.found = s.found;
	e.reversed = s.reversed;
	memcpy(e.place, s.place, sizeof(e.place));
	e.tried = s.tried;
	e.complete = !s.over;
	for (enum axis axis = 0; axis < AXES; axis++)
		if (axis == AXIS_VCPUS || v->of[axis].n > 0)
			e.varied[e.n_varied++] = axis_name(axis);
	e.us = clock_us() - start_us;
	search_fini(&s);
	if (r < 0) {
		explanations_fini(&e);
		return r;
	}
	*ret = e;
	return 0;
}
