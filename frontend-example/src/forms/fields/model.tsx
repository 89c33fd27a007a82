/** Fields with names: a page, and a model in it. */
import { Fragment, useContext } from "react";
import { isObject, type Json } from "../../api/json";
import { fresh } from "../fresh";
import { orderedKeys } from "../kinds";
import { asList, asSchema, labelOf, resolved, type Schema } from "../schema";
import { usePage, ValuesContext } from "./context";
import { DictEntries } from "./dict";
import type { DrawnProps } from "./drawn";

/** The page itself. */
export function PageField(props: DrawnProps) {
  const { values, change } = useContext(ValuesContext);
  return <ModelField {...props} value={values} draw={(part) => props.draw({ ...part, onChange: (value, path) => change(path, value) })} />;
}

export function ModelField(props: DrawnProps) {
  const { schema, ui, value, path, draw } = props;
  const members = asSchema(value);
  const required = asList(schema.required);
  return (
    <div className="members">
      {orderedKeys(schema, ui).map((key) => {
        const part = asSchema(asSchema(schema.properties)[key]);
        return (
          <Fragment key={key}>
            {draw({
              name: key,
              schema: part,
              value: members[key] as Json | undefined,
              label: labelOf(key, part),
              ui: asSchema(ui[key]),
              isRequired: required.includes(key),
            })}
          </Fragment>
        );
      })}
      {path.length > 0 && <OpenMembers {...props} />}
    </div>
  );
}

/** A model may allow keys that it does not name. */
function OpenMembers(props: DrawnProps) {
  const { schema, value, change } = props;
  const { root } = usePage();
  if (!isOpen(schema)) return null;
  const known = asSchema(schema.properties);
  const all = Object.entries(isObject(value) ? (value as { [key: string]: Json }) : {});
  const named = Object.fromEntries(all.filter(([key]) => Object.hasOwn(known, key)));
  const others = Object.fromEntries(all.filter(([key]) => !Object.hasOwn(known, key)));
  const item = asSchema(schema.additionalProperties);
  return (
    <DictEntries
      {...props}
      entries={others}
      item={item}
      first={() => fresh(resolved(item, root), root)}
      onEntries={(entries) => change({ ...named, ...entries })}
    />
  );
}

const isOpen = ({ additionalProperties }: Schema): boolean => additionalProperties === true || isObject(additionalProperties);
