/** What the score is made from. */
export interface Heard {
  /** There and back, ms. */
  readonly roundTrip: number;
  /** How long sound waits to be played, ms. */
  readonly buffered: number;
  /** The share of packets lost, 0 to 1. */
  readonly loss: number;
}

// The E-model of ITU-T G.107 (06/2015), with everything at its default but what a connection can tell: the sum of
// Ro - Is + A is then 93.2, and what is taken from it is Id for the delay and Ie,eff for codec and loss.
//
//   R = 93.2 - Id - Ie,eff
//   Id = 0.024 Ta + 0.11 max(0, Ta - 177.3)           Ta: from mouth to ear, ms
//   Ie,eff = Ie + (95 - Ie) Ppl / (Ppl + Bpl)          Ppl: percent of packets lost, at random (BurstR = 1); 7.5
//   MOS = 1 + 0.035 R + R (R - 60) (100 - R) 7e-6      Annex B; 1 for R < 0, 4.5 for R > 100
//
// Id is the straight-line fit by Cole and Rosenbluth, "Voice over IP performance monitoring" (2001), of the delay curves
// of G.107. G.113 gives no Ie and Bpl for Opus: at the rates of calls it is taken for as good as G.711 with loss
// concealment (Appendix I: Ie 0, Bpl 25.1), of which it has more.
const BEST = 93.2;
const IE = 0;
const BPL = 25.1;
/** A packet of sound, and how far Opus looks ahead, ms. */
const CODEC_DELAY = 20 + 6.5;

/** The mean opinion score: 1 (bad) to 5 (excellent), of which the model gives 4.4 at best. */
export function scoreOf({ roundTrip, buffered, loss }: Heard): number {
  const delay = roundTrip / 2 + buffered + CODEC_DELAY;
  const delayed = 0.024 * delay + 0.11 * Math.max(0, delay - 177.3);
  const percent = 100 * loss;
  const lost = IE + ((95 - IE) * percent) / (percent + BPL);
  return opinion(BEST - delayed - lost);
}

function opinion(r: number): number {
  if (r <= 0) return 1;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
