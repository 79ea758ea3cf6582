import { object, ref } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;
const moveParams = schemas.moveParams;
const oneMove = object({ move: ref('Move') });

/** What can be asked about changes of coverage. */
export const COVERAGE = {
  preview: operation('READ', {
    id: 'previewCoverage',
    tag: 'Coverage',
    summary: 'What a change of licence, group or enrolment would do',
    description: 'Does nothing. The numbers are of this moment.',
    params,
    body: schemas.coverageBody,
    answer: ref('CoveragePreview'),
    refusals: ['NOT_FOUND'],
  }),
  apply: operation('ADMINISTER', {
    id: 'applyCoverage',
    tag: 'Coverage',
    summary: 'Change licence, group or enrolment',
    description:
      'Existing data stays where it is unless `moveExisting` is true: then the change and the moves are stored together or not at all. `If-Match` is about the account for a licence, about the group for a group.',
    params,
    body: schemas.coverageApplyBody,
    answer: ref('CoverageOutcome'),
    versioned: 'WRITE',
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
} as const;

/** What can be asked about moves. */
export const MOVES = {
  list: operation('READ', {
    id: 'listMoves',
    tag: 'Moves',
    summary: 'The account’s moves, the newest first',
    params,
    query: schemas.pageQuery,
    answer: pageOf('moves', ref('Move')),
  }),
  get: operation('READ', {
    id: 'getMove',
    tag: 'Moves',
    summary: 'One move, with what could not be moved',
    params: moveParams,
    answer: object({ move: ref('MoveDetails') }),
    refusals: ['NOT_FOUND'],
  }),
  start: operation('ADMINISTER', {
    id: 'startMove',
    tag: 'Moves',
    summary: 'Start a move, or with `dryRun` see what it would move',
    description:
      'Wrapped data keys are unwrapped with the old key and wrapped with the new one; content is not touched and stays readable. The word `platform` stands for the platform’s keys.',
    params,
    body: schemas.moveBody,
    answer: object({ preview: ref('MovePreview') }),
    made: oneMove,
    idempotent: true,
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
  pause: operation('ADMINISTER', {
    id: 'pauseMove',
    tag: 'Moves',
    summary: 'Pause a move',
    params: moveParams,
    answer: oneMove,
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
  resume: operation('ADMINISTER', {
    id: 'resumeMove',
    tag: 'Moves',
    summary: 'Let a paused move go on',
    params: moveParams,
    answer: oneMove,
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
  cancel: operation('ADMINISTER', {
    id: 'cancelMove',
    tag: 'Moves',
    summary: 'End a move before it is done',
    description: 'What was moved stays moved.',
    params: moveParams,
    answer: oneMove,
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
} as const;
