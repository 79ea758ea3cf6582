import type { Call, Operation } from './call.ts';
import { AwsError } from './errors.ts';
import { Input } from './input.ts';
import { CRYPTOGRAPHIC_OPERATIONS } from './operations-cryptographic.ts';
import { MANAGEMENT_OPERATIONS } from './operations-management.ts';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...CRYPTOGRAPHIC_OPERATIONS,
  ...MANAGEMENT_OPERATIONS,
};

/** @throws AwsError UnknownOperationException */
export function findOperation(name: string): Operation {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (!operation)
    throw new AwsError('UnknownOperationException', `${name} is not supported by this emulator.`);
  return operation;
}

/** @throws AwsError */
export function runOperation(fields: Readonly<Record<string, unknown>>, call: Call): object {
  const operation = findOperation(call.name);
  return operation.run(new Input(fields, operation.fields), call);
}
