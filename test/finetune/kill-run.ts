/**
 * Kills so many runs at random moments, over all strategies, and compares each with one that was never killed:
 *
 *   npm run test:kill -- 200
 */
import { smallData } from './full-support.js';
import { killEveryStrategy } from './kill-support.js';

const kills = Number(process.argv[2] ?? 200);
if (!Number.isInteger(kills) || kills < 1) throw new Error('give a number of kills');
await killEveryStrategy(smallData(), kills);
console.log(`# ${kills} kills: nothing unreadable, all bytes equal`);
