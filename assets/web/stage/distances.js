// What a generator's Fréchet distance is compared with, and what that comes to in words.

import { tr } from "../lib/words.js"

/** Distances beside that of a generator: to validation rows while it trains, to test rows at its end. */
export function distancesAt({ metrics, baseline }, isLast) {
  return isLast && typeof metrics?.frechet === "number"
    ? [metrics.real_frechet, metrics.test_vae_frechet, metrics.test_vq_frechet]
    : [baseline?.floor_frechet, baseline?.vae_frechet, baseline?.vq_frechet]
}

/** A generator beside a VAE, as [words, tone]; nothing where there is none. */
export function judgeDistance(distance, vae) {
  if (typeof distance !== "number" || typeof vae !== "number") return ["", ""]
  return distance < vae
    ? [tr("nearer to real images than a VAE"), "good"]
    : [tr("not nearer to real images than a VAE"), "even"]
}
