import type { BrokerProcess, SidecarProcess } from '../model/processes.ts';

/** How many sidecars of a service are in one state. */
export interface SidecarCount extends Pick<SidecarProcess, 'state'> {
  readonly srvId: string;
  readonly count: number;
}

/** Which processes there are. A part of broker/store/store.ts, with the same promises. */
export interface ProcessStore {
  /** Says that a broker runs, and forgets those that were not heard of since `forgetBefore`, UNIX milliseconds. */
  beat(broker: BrokerProcess, forgetBefore: number): Promise<void>;
  /** A broker ends in order. */
  ended(brokerId: string): Promise<void>;
  /** In order of their start, at most 1000. */
  brokers(): Promise<BrokerProcess[]>;
  /** In order of instance, from after this one. */
  sidecars(after: string | null, limit: number): Promise<SidecarProcess[]>;
  /** How many there are in each state, by service; one that serves several services counts for each. */
  countSidecars(): Promise<SidecarCount[]>;
}
