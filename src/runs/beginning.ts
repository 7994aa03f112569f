/** The losses that a full stage began with, as the state of a run keeps them; training/beginning.ts measures them. */
import * as v from 'valibot';

const loss = v.nullable(v.number());
export const beginningSchema = v.strictObject({
  /** With the statistics that are stored; null where it is not finite. */
  stored_loss: loss,
  /** With those of the batches; null where it is not finite. Absent: no batch norm is trained with them. */
  batch_loss: v.optional(loss),
  /** Norm of the head's weights; null where it has none. */
  head_norm: v.optional(loss, null),
});

/** Mean losses before the first step, and the head. */
export type Beginning = Readonly<v.InferOutput<typeof beginningSchema>>;

/** The loss that training begins with; null where it is not finite. */
export function firstLoss(
  { stored_loss, batch_loss }: Beginning,
  batchNorm: 'train' | 'frozen',
): number | null {
  return batchNorm === 'train' && batch_loss !== undefined ? batch_loss : stored_loss;
}

/** What recipe.json has of it beside the versions; null where there is nothing of the kind. */
export function beginningIn({ beginning }: Readonly<Record<string, unknown>>): Beginning | null {
  const parsed = v.safeParse(beginningSchema, beginning);
  return parsed.success ? parsed.output : null;
}
