import { text, type Settings } from './config.ts';

const HOST_AND_PORT = /^[A-Za-z0-9._-]+:\d{1,5}$/;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/;

/** How a sidecar finds the broker and knows it: read by sidecars, and by the injector that passes it on to them. */
export const BROKER_PEER_SETTINGS = {
  brokerAddress: text({
    name: 'CMK_BROKER',
    doc: 'Host and port of the key broker; every address behind the name is used in turn.',
    pattern: HOST_AND_PORT,
    expects: 'host:port',
  }),
  brokerSpiffeId: text({
    name: 'CMK_BROKER_SPIFFE_ID',
    doc: 'SPIFFE id that the broker’s certificate must carry; the host name is not looked at.',
    pattern: SPIFFE_ID,
    expects: 'SPIFFE id, such as spiffe://cmk.example/broker',
  }),
} satisfies Settings;
