/* SPDX-License-Identifier: MIT
 *
 * The categories of the demo: a name, a library and a memory type id each.
 *
 * Owns:     one constant table.
 * Callers:  any thread.
 * Promises: no two categories have the same memory type id. Party's come first, so that its ids
 *           are found without a look at the others.
 * Does not: tell corral anything. Ids are opaque to it, and it learns of one when it is first used.
 *
 * The ids are chosen to be as different in kind as those of real clients: 0, dense small numbers,
 * FourCC codes, and dense numbers with flags OR-ed in.
 */
#ifndef GAME_SERVER_CATEGORY_H
#define GAME_SERVER_CATEGORY_H

#include <stdint.h>

/* The libraries, and last the demo's own code. */
enum library {
    LIBRARY_PARTY,
    LIBRARY_ENET,
    LIBRARY_LUA,
    LIBRARY_SQLITE,
    LIBRARY_NGHTTP2,
    LIBRARY_GAME,
    LIBRARIES
};

enum category {
    PARTY_ANY,
    PARTY_NETWORK,
    PARTY_AUDIO,
    PARTY_DISPATCH,
    PARTY_PEERS,
    PARTY_VOICE,
    PARTY_EVENTS,
    PARTY_SCRATCH,
    ENET_HOSTS,
    ENET_PACKETS,
    ENET_SERVICE,
    LUA_ARRAYS,
    LUA_STRINGS,
    LUA_TABLES,
    LUA_FUNCTIONS,
    LUA_USERDATA,
    LUA_COROUTINES,
    LUA_UPVALUES,
    LUA_PROTOTYPES,
    SQL_STATEMENTS,
    SQL_STORAGE,
    HTTP_CLIENT,
    HTTP_SERVER,
    GAME_HTTP_BODIES,
    GAME_HTTP_WIRE,
    GAME_SAVES,
    CATEGORIES,
    PARTY_CATEGORIES = ENET_HOSTS
};

struct category_entry {
    const char *name;
    enum library owner;
    uint32_t id;
};

extern const struct category_entry category_table[CATEGORIES];
extern const char *const library_names[LIBRARIES];

/* The category of one of Party's ids; CATEGORIES when Party has no such id. */
enum category category_of_party(uint32_t id);

#endif
