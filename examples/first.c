/* SPDX-License-Identifier: MIT
 *
 * The smallest program that uses corral: two categories, and the figures of one of them.
 *
 * Owns:     nothing once it ends.
 * Callers:  whoever builds the examples; the README quotes what stands below, and a test runs it.
 * Promises: exit status 0 when the figures of one category count its block and not the other's.
 * Does not: use threads or report errors; examples/game_server does both.
 */
#include <corral/corral.h>
#include <stdio.h>
enum { SOUNDS = 1, TEXTURES = 2 };
int main(void) {
    char *clip = corral_alloc(1000, SOUNDS), *image = corral_alloc(4000, TEXTURES);
    corral_stats sounds;
    corral_category_stats(SOUNDS, &sounds, sizeof sounds);
    printf("sounds: %u bytes\n", (unsigned)sounds.live_bytes);
    corral_free(image, TEXTURES);
    corral_free(clip, SOUNDS);
    return clip && image && sounds.live_blocks == 1 ? 0 : 1;
}
