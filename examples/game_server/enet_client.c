/* SPDX-License-Identifier: MIT
 *
 * A client: connects, sends requests as long as its window allows, receives replies.
 *
 * Owns:     the client's host, which only its thread touches.
 * Callers:  enet_part.c.
 * Promises: requests on the reliable channels are numbered without gaps.
 * Does not: send again what was lost: ENet does, for the reliable channels.
 */
#define _GNU_SOURCE
#include "enet_client.h"

#include "check.h"
#include "enet_memory.h"
#include "message.h"
#include "worker_part.h"

#include <string.h>

enum { WINDOW = 48, CONNECT_TRIES = 2000 };

/* Unreliable requests get lost without a reply, so a silent client opens its window again. */
static const double silence_seconds = 0.1;

struct client {
    struct game_round *round;
    uint32_t index;
    ENetAddress address;
    pthread_t thread;
    ENetHost *host; /* owner: the client's thread, this and all below */
    ENetPeer *peer;
    uint32_t sequences[CHANNELS];
    unsigned outstanding;
    double heard;
    uint64_t random;
    uint8_t body[MESSAGE_BODY_MAX];
};

static struct client clients[ENET_CLIENTS];

void enet_client_hand_over(ENetPacket *packet) {
    if (damage_chosen(DAMAGE_CROSS_THREAD) || !worker_offer(packet)) {
        enet_packet_destroy(packet);
    }
}

static bool connect_to_server(struct client *client) {
    enet_memory_category(ENET_HOSTS);
    client->host = enet_host_create(NULL, 1, CHANNELS, 0, 0);
    client->peer = client->host == NULL
                       ? NULL
                       : enet_host_connect(client->host, &client->address, CHANNELS, client->index);
    enet_memory_category(ENET_SERVICE);
    for (unsigned tries = 0; client->peer != NULL && tries < CONNECT_TRIES; tries++) {
        ENetEvent event;
        if (enet_host_service(client->host, &event, 5) > 0 &&
            event.type == ENET_EVENT_TYPE_CONNECT) {
            return true;
        }
    }
    mismatch("enet-connect", "client %u does not reach the server", client->index);
    return false;
}

/* Mostly short moves, some orders, and now and then a map that takes several datagrams. */
static enum channel next_channel(struct client *client, uint32_t *size) {
    const uint32_t dice = random_between(&client->random, 0, 63);
    if (dice == 0) {
        *size = random_between(&client->random, 2000, MESSAGE_BODY_MAX);
        return CHANNEL_MAPS;
    }
    *size = random_between(&client->random, 16, dice < 24 ? 400 : 120);
    return dice < 24 ? CHANNEL_ORDERS : CHANNEL_MOVES;
}

static void send_request(struct client *client) {
    uint32_t size = 0;
    const enum channel channel = next_channel(client, &size);
    if (channel == CHANNEL_ORDERS && damage_once(DAMAGE_ENET_ORDER)) {
        client->sequences[channel]++;
    }
    const struct message_head head = {.kind = MESSAGE_REQUEST,
                                      .client = client->index,
                                      .channel = channel,
                                      .sequence = client->sequences[channel]++};
    random_fill(client->body, size, random_next(&client->random));
    ENetPacket *packet = message_make(head, client->body, size);
    if (packet != NULL && enet_peer_send(client->peer, (enet_uint8)channel, packet) < 0) {
        mismatch("enet-connect", "client %u cannot send", client->index);
        enet_packet_destroy(packet);
    }
    client->outstanding++;
}

static void handle(struct client *client, const ENetEvent *event) {
    if (event->type == ENET_EVENT_TYPE_RECEIVE) {
        client->outstanding -= client->outstanding != 0;
        client->heard = seconds_now();
        round_done(client->round, WORK_PACKETS, 1);
        enet_client_hand_over(event->packet);
    } else if (event->type == ENET_EVENT_TYPE_DISCONNECT) {
        mismatch("enet-connect", "client %u lost the server", client->index);
    }
}

static void *play(void *argument) {
    struct client *client = argument;
    const bool connected = connect_to_server(client);
    while (connected && round_working(client->round)) {
        ENetEvent event;
        while (client->outstanding < WINDOW) {
            send_request(client);
        }
        for (unsigned wait = 1; enet_host_service(client->host, &event, wait) > 0; wait = 0) {
            handle(client, &event);
        }
        if (seconds_now() - client->heard > silence_seconds) {
            client->outstanding = 0;
        }
    }
    round_wait_for_inspection(client->round);
    if (client->host != NULL) {
        enet_host_destroy(client->host);
    }
    return NULL;
}

void enet_client_start(struct game_round *round, uint32_t index, ENetAddress address) {
    struct client *client = &clients[index];
    memset(client, 0, sizeof *client);
    client->round = round;
    client->index = index;
    client->address = address;
    client->random = round->seed * 31 + index + 1;
    client->heard = seconds_now();
    round_thread(&client->thread, play, client);
}

void enet_client_finish(void) {
    for (unsigned index = 0; index < ENET_CLIENTS; index++) {
        pthread_join(clients[index].thread, NULL);
    }
}
