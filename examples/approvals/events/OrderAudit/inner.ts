// Notes, in the background, from what to what the status of an order went.
import type { ModelEventData } from 'throughline';

export function customFunc({ prevData, postData }: ModelEventData) {
  return { orderNo: postData.orderNo, from: prevData.status ?? null, to: postData.status };
}
