/** A field that holds the id of a product subscription. */
import { lazy, Suspense } from "react";
import type { DrawnProps } from "./drawn";

const SubscriptionPicker = lazy(() => import("../picker/SubscriptionPicker"));

export function PickerField({ schema, value, control, change }: DrawnProps) {
  return (
    <Suspense fallback={<p className="muted">Loading…</p>}>
      <SubscriptionPicker
        id={control.id}
        value={typeof value === "string" ? value : null}
        onChange={(id) => change(id === "" || id === null ? null : id)}
        schema={schema}
        isDisabled={false}
        isInvalid={control["aria-invalid"]}
        isRequired={control["aria-required"]}
        describedBy={control["aria-describedby"]}
      />
    </Suspense>
  );
}
