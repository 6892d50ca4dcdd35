// GraphiQL in the console's frame, signed in with the same key.
import { gatewayUrl } from '../../shell/session.ts';

export function GraphiQL() {
  return <iframe className="graphiql" title="GraphiQL" src={`${gatewayUrl}/graphql`} />;
}
