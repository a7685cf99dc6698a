/* SPDX-License-Identifier: MIT
 *
 * front_hardened: front lists that are first in, first out.
 *
 * Owns:     where such a list ends.
 * Callers:  through front.h, in a hardened build, which alone has this file.
 * Promises: constant time.
 * Does not: look at more of a block than hardened.h does.
 */
#include "front.h"

void corral_front_push_last(struct corral_front *front, int32_t room, void *block) {
    corral_hardened_append(front->head == NULL ? NULL : front->tail, block);
    front->head = front->head == NULL ? block : front->head;
    front->tail = block;
    store_relaxed(&front->room, room - 1); /* [R:single-writer] */
}

void corral_front_see_to_cut(struct corral_front *front) {
    if (front->head == NULL) {
        store_relaxed(&front->room, (int32_t)front_limit(front)); /* [R:single-writer] */
    }
}

void corral_front_take_first(struct corral_front *front) {
    front->head = front_next(front->head);
    store_relaxed(&front->room, front_room(front) + 1); /* [R:single-writer] */
    corral_front_see_to_cut(front);
}
