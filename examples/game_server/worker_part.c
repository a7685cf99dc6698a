/* SPDX-License-Identifier: MIT
 *
 * The workers of worker_part.h.
 *
 * Owns:     a Lua state per worker, which only its thread touches.
 * Callers:  round.c.
 * Promises: what Lua answers is what the same rule in C gives, for every request.
 * Does not: keep state between rounds.
 */
#define _GNU_SOURCE
#include "worker_part.h"

#include "check.h"
#include "enet_memory.h"
#include "enet_part.h"
#include "lua_part.h"
#include "message.h"
#include "queue.h"
#include "sqlite_part.h"

#include <string.h>

enum { WORKERS = 2, REQUESTS_PER_SAVE = 3, PLAYED_BYTES = 256 };

struct worker {
    pthread_t thread;
    struct logic logic; /* owner: the worker's thread, as the rest */
    unsigned requests;
};

static struct game_round *round_now;
static struct queue received;
static struct worker workers[WORKERS];

bool worker_offer(ENetPacket *packet) {
    return queue_push(&received, packet);
}

static void save(const struct message_head *head, const uint8_t *body, size_t size) {
    struct save *record = memory_alloc(sizeof *record + size, GAME_SAVES);
    if (record == NULL || damage_once(DAMAGE_LEFT_OVER)) {
        return;
    }
    record->client = head->client;
    record->sequence = head->sequence;
    record->size = (uint32_t)size;
    memcpy(record->state, body, size);
    record->sum = checksum(record->state, size);
    if (!sqlite_part_save(record)) {
        memory_free(record);
    }
}

static void answer(const struct message_head *request, const char *text, size_t size) {
    struct message_head head = *request;
    head.kind = MESSAGE_REPLY;
    ENetPacket *packet = message_make(head, text, size);
    if (packet != NULL && !enet_part_send(packet)) {
        enet_packet_destroy(packet);
    }
}

static void play(struct worker *worker, const struct message_head *head, const uint8_t *body,
                 size_t size) {
    const struct turn turn = {head->client, head->sequence, body,
                              size < PLAYED_BYTES ? size : PLAYED_BYTES};
    char text[LOGIC_TEXT_MAX];
    const size_t length = logic_play(&worker->logic, &turn, text);
    answer(head, text, length);
    if (++worker->requests % REQUESTS_PER_SAVE == 0 && !damage_chosen(DAMAGE_IDLE)) {
        save(head, body, size);
    }
    round_done(round_now, WORK_SCRIPTS, 1);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    logic_open(&worker->logic);
    while (round_working(round_now)) {
        struct message_head head;
        const uint8_t *body = NULL;
        size_t size = 0;
        ENetPacket *packet = queue_pop(&received, 5);
        if (packet == NULL) {
            continue;
        }
        if (message_read(packet, &head, &body, &size) && head.kind == MESSAGE_REQUEST) {
            play(worker, &head, body, size);
        }
        enet_packet_destroy(packet);
        if (damage_once(DAMAGE_BLOCK_TABLE)) {
            memory_free(worker);
        }
    }
    logic_check_bytes(&worker->logic);
    round_wait_for_inspection(round_now);
    logic_close(&worker->logic);
    return NULL;
}

static void start(struct game_round *round) {
    round_now = round;
    queue_init(&received);
    for (unsigned index = 0; index < WORKERS; index++) {
        workers[index].requests = 0;
        round_thread(&workers[index].thread, work, &workers[index]);
    }
}

static void finish(void) {
    for (unsigned index = 0; index < WORKERS; index++) {
        pthread_join(workers[index].thread, NULL);
    }
    for (ENetPacket *packet; (packet = queue_pop(&received, 0)) != NULL;) {
        enet_packet_destroy(packet);
    }
    queue_destroy(&received);
}

const struct part worker_part = {WORKERS, start, NULL, finish};
