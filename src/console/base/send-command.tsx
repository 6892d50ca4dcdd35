// The command that sends a first event.
import { curlCommand, KeyedCommand } from './keyed-command.tsx';

const mutation = 'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id requestId } } }';
const input = { topic: 'order.paid', payload: { orderId: 17, total: 99.5 } };

export function SendCommand() {
  return <KeyedCommand scopes={['events:send']} command={(key) => curlCommand(key, mutation, { input })} />;
}
