/**
 * A thread of the team that is not the conductor: prepares what it is told to, and takes its part of each run.
 * It answers only when it fails; between runs it sleeps in its event loop.
 */
import { runTogether } from './command.js';
import { failureOf, type Workshop } from './conductor.js';
import type { Failure, TeamRequest } from './protocol.js';
import type { Team } from './team.js';

/** Does what the conductor asks; `report` tells it of a failure. */
export function handleTeamRequest(
  request: TeamRequest,
  workshop: Workshop,
  team: Team,
  report: (failure: Failure) => void,
): void {
  switch (request.type) {
    case 'prepare':
      try {
        workshop.prepare(request.prepared, request.commands);
      } catch {
        // The conductor prepares the same commands and has answered with the same error.
      }
      return;
    case 'discard':
      workshop.discard(request.prepared);
      return;
    case 'run':
      run(request, workshop, team, report);
  }
}

function run(
  { prepared, phase, step, profile }: Extract<TeamRequest, { type: 'run' }>,
  workshop: Workshop,
  team: Team,
  report: (failure: Failure) => void,
): void {
  try {
    workshop.buffer();
    const commands = workshop.commands(prepared, profile);
    team.help(phase, () =>
      runTogether(commands, step, team, false, { report: (error) => report(failureOf(error)) }),
    );
  } catch {
    // Reported, and the run is over for all.
  }
}
