// The handlers inside the gateway: runs, failures, on and off.
import { Heading } from '../../base/notice.tsx';

export function Handlers() {
  return <Heading title="Handlers" />;
}
