// What personnel did with a leave request: granted it, sent it back, or gave it to somebody else to decide.
import { HandleTypeEnum, type WorkflowEventData } from 'throughline';

export async function handleMultipleActions(
  { row }: WorkflowEventData,
  handleType: string,
  nodeId: string,
  nodeTitle: string,
) {
  if (handleType === HandleTypeEnum.agree) row.status = { value: 'granted' };
  if (handleType === HandleTypeEnum.reject) row.status = { value: 'sent back' };
  if (handleType === HandleTypeEnum.transfer) row.decidedAt = { value: nodeTitle };
  await row.save();
  return { employee: row.employee?.value, handleType, nodeId };
}
