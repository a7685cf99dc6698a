/* SPDX-License-Identifier: MIT
 *
 * The server's side of the ENet part, and its start and end.
 *
 * Owns:     the server's host, which only the server's thread touches while a round works.
 * Callers:  round.c; the workers through enet_part_send.
 * Promises: reliable requests of a client arrive complete and in order, or a mismatch is reported.
 * Does not: look into bodies. The workers do.
 */
#define _GNU_SOURCE
#include "enet_part.h"

#include "check.h"
#include "enet_client.h"
#include "enet_memory.h"
#include "queue.h"
#include "worker_part.h"

#include <string.h>

enum { REPLIES_AT_ONCE = 64 };

static struct game_round *round_now;
static ENetHost *server;
static ENetPeer *peers[ENET_CLIENTS]; /* owner: the server's thread */
static uint32_t expected[ENET_CLIENTS][CHANNELS];
static struct queue outgoing;
static pthread_t server_thread;

bool enet_part_send(ENetPacket *packet) {
    return queue_push(&outgoing, packet);
}

/* A client's requests are numbered, channel by channel. Moves may be missing, but never late. */
static void check_order(const struct message_head *head) {
    uint32_t *next = &expected[head->client][head->channel];
    if (message_reliable((enum channel)head->channel) ? head->sequence != *next
                                                      : head->sequence < *next) {
        mismatch("enet-order", "client %u, channel %u: request %u came, %u was next", head->client,
                 head->channel, head->sequence, *next);
    }
    *next = head->sequence + 1;
}

static void receive(ENetPacket *packet) {
    struct message_head head = {0};
    if (packet->dataLength >= sizeof head) {
        memcpy(&head, packet->data, sizeof head);
    }
    if (head.kind == MESSAGE_REQUEST && head.client < ENET_CLIENTS && head.channel < CHANNELS) {
        check_order(&head);
    }
    round_done(round_now, WORK_PACKETS, 1);
    enet_client_hand_over(packet);
}

static void handle(const ENetEvent *event) {
    if (event->type == ENET_EVENT_TYPE_CONNECT && event->data < ENET_CLIENTS) {
        peers[event->data] = event->peer;
    } else if (event->type == ENET_EVENT_TYPE_RECEIVE) {
        receive(event->packet);
    } else if (event->type == ENET_EVENT_TYPE_DISCONNECT) {
        mismatch("enet-connect", "the server lost a client");
    }
}

/* ENet owns a packet that it took, and frees it once the client has acknowledged it. */
static void send_replies(void) {
    for (unsigned sent = 0; sent < REPLIES_AT_ONCE; sent++) {
        ENetPacket *packet = queue_pop(&outgoing, 0);
        if (packet == NULL) {
            return;
        }
        struct message_head head;
        memcpy(&head, packet->data, sizeof head);
        ENetPeer *peer = head.client < ENET_CLIENTS ? peers[head.client] : NULL;
        if (peer == NULL || enet_peer_send(peer, (enet_uint8)head.channel, packet) < 0) {
            enet_packet_destroy(packet);
        }
    }
}

static void *serve(void *unused) {
    (void)unused;
    enet_memory_category(ENET_SERVICE);
    while (round_working(round_now)) {
        ENetEvent event;
        send_replies();
        for (unsigned wait = 1; enet_host_service(server, &event, wait) > 0; wait = 0) {
            handle(&event);
        }
    }
    round_wait_for_inspection(round_now);
    enet_host_destroy(server);
    return NULL;
}

static void start(struct game_round *round) {
    round_now = round;
    memset(peers, 0, sizeof peers);
    memset(expected, 0, sizeof expected);
    queue_init(&outgoing);
    ENetAddress address = {.port = 0};
    if (!enet_memory_start() || enet_address_set_host_ip(&address, "127.0.0.1") != 0) {
        fatal("ENet cannot be initialized");
    }
    server = enet_host_create(&address, ENET_CLIENTS, CHANNELS, 0, 0);
    if (server == NULL || enet_socket_get_address(server->socket, &address) != 0) {
        fatal("ENet cannot open a host on 127.0.0.1");
    }
    round_thread(&server_thread, serve, NULL);
    for (uint32_t index = 0; index < ENET_CLIENTS; index++) {
        enet_client_start(round, index, address);
    }
}

/* Packets that wait in the queue were never ENet's, so no host has destroyed them. */
static void finish(void) {
    pthread_join(server_thread, NULL);
    enet_client_finish();
    for (ENetPacket *packet; (packet = queue_pop(&outgoing, 0)) != NULL;) {
        enet_packet_destroy(packet);
    }
    queue_destroy(&outgoing);
    enet_deinitialize();
}

const struct part enet_part = {1 + ENET_CLIENTS, start, NULL, finish};
