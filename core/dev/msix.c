/* SPDX-License-Identifier: MIT */
/*
 * core/dev/msix.c: the guest's table of messages; what a masked vector has to say waits for its
 * unmasking.
 */
#include "core/dev/msix.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

#define ENTRY_MASKED 1

struct entry {
	le64 address;
	le32 data, control;
};
static_assert(sizeof(struct entry) == MSIX_ENTRY, "an entry of the MSI-X table");

void msix_init(struct msix *m, unsigned count, void (*send)(void *, uint64_t, uint32_t), void *self)
{
	*m = (struct msix){ .count = count, .send = send, .self = self };
	pthread_mutex_init(&m->lock, NULL);
	for (unsigned i = 0; i < count; i++)
		m->vectors[i].masked = true;
}

void msix_fini(struct msix *m)
{
	pthread_mutex_destroy(&m->lock);
}

static bool vector_open(const struct msix *m, unsigned vector)
{
	return vector < m->count && (m->control & MSIX_ENABLE) && !(m->control & MSIX_MASK_ALL) &&
	       !m->vectors[vector].masked;
}

/* Sends what was kept and may be sent now. */
static void pending_send(struct msix *m)
{
	for (unsigned i = 0; i < m->count; i++) {
		struct msix_vector *v = &m->vectors[i];

		if (!v->pending || !vector_open(m, i))
			continue;
		v->pending = false;
		m->send(m->self, v->message.address, v->message.data);
	}
}

/* The table as the guest sees it; returns its size. */
static size_t table_image(const struct msix *m, struct entry to[static MSIX_VECTORS])
{
	for (unsigned i = 0; i < m->count; i++)
		to[i] = (struct entry){
			.address = le64_of(m->vectors[i].message.address),
			.data = le32_of(m->vectors[i].message.data),
			.control = le32_of(m->vectors[i].masked ? ENTRY_MASKED : 0),
		};
	return m->count * sizeof(*to);
}

/* How many of `size` bytes at `offset` lie within `end`. */
static size_t within(unsigned offset, size_t size, size_t end)
{
	return offset < end ? MIN(size, end - offset) : 0;
}

void msix_table_read(struct msix *m, unsigned offset, uint8_t *data, size_t size)
{
	struct entry table[MSIX_VECTORS];
	size_t n;

	memset(data, 0, size);
	pthread_mutex_lock(&m->lock);
	n = within(offset, size, table_image(m, table));
	pthread_mutex_unlock(&m->lock);
	if (n > 0)
		memcpy(data, (const uint8_t *)table + offset, n);
}

void msix_table_write(struct msix *m, unsigned offset, const uint8_t *data, size_t size)
{
	struct entry table[MSIX_VECTORS];
	size_t n;

	pthread_mutex_lock(&m->lock);
	n = within(offset, size, table_image(m, table));
	if (n > 0)
		memcpy((uint8_t *)table + offset, data, n);
	for (unsigned i = 0; n > 0 && i < m->count; i++) {
		m->vectors[i].message.address = le64_get(table[i].address);
		m->vectors[i].message.data = le32_get(table[i].data);
		m->vectors[i].masked = le32_get(table[i].control) & ENTRY_MASKED;
	}
	pending_send(m);
	pthread_mutex_unlock(&m->lock);
}

void msix_pending_read(struct msix *m, unsigned offset, uint8_t *data, size_t size)
{
	uint64_t bits = 0;
	le64 image;
	size_t n = within(offset, size, sizeof(image));

	static_assert(MSIX_VECTORS <= 64, "one word of pending bits");
	memset(data, 0, size);
	pthread_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->count; i++)
		bits |= (uint64_t)m->vectors[i].pending << i;
	pthread_mutex_unlock(&m->lock);
	image = le64_of(bits);
	if (n > 0)
		memcpy(data, image.b + offset, n);
}

void msix_control(struct msix *m, uint16_t value)
{
	pthread_mutex_lock(&m->lock);
	m->control = value;
	pending_send(m);
	pthread_mutex_unlock(&m->lock);
}

void msix_raise(struct msix *m, unsigned vector)
{
	pthread_mutex_lock(&m->lock);
	/* Without MSI-X there is no interrupt at all: the function has no pin. */
	if (vector < m->count && (m->control & MSIX_ENABLE))
		m->vectors[vector].pending = true;
	pending_send(m);
	pthread_mutex_unlock(&m->lock);
}

void msix_forget(struct msix *m, unsigned vector)
{
	pthread_mutex_lock(&m->lock);
	if (vector < m->count)
		m->vectors[vector].pending = false;
	pthread_mutex_unlock(&m->lock);
}

bool msix_target(struct msix *m, unsigned vector, struct msix_message *ret)
{
	bool open;

	pthread_mutex_lock(&m->lock);
	open = vector_open(m, vector);
	if (open)
		*ret = m->vectors[vector].message;
	pthread_mutex_unlock(&m->lock);
	return open;
}
