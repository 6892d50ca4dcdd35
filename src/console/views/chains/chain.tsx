// What a request caused: as a graph, as a tree and as a waterfall.
import { Heading } from '../../base/notice.tsx';

export function ChainView() {
  return <Heading title="Chain" />;
}
