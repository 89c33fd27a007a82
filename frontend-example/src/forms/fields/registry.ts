/** Our fields and templates, as rjsf looks them up: by the kind in `ui:field`. */
import type { RegistryFieldsType, TemplatesType } from "@rjsf/utils";
import type { ComponentType } from "react";
import type { Kind } from "../kinds";
import { AcceptField, BooleanField, ChoiceField, ChoicesField } from "./choice";
import { CalloutField, DividerField, LabelField, MarkdownField, SummaryField } from "./content";
import { DictField } from "./dict";
import { asField, type DrawnProps } from "./drawn";
import { FieldTemplate } from "./FieldTemplate";
import { FileField } from "./file";
import { ListField, TupleField } from "./list";
import { ModelField, PageField } from "./model";
import { PickerField } from "./picker";
import { PartField } from "./SchemaField";
import { SecretField } from "./secret";
import { ShownField } from "./shown";
import { DecimalField, JsonField, LinesField, MomentField, NumberField, TextField, TimestampField } from "./text";
import { UnionField } from "./union";

const FIELDS: Record<Exclude<Kind, "hidden"> | "page", ComponentType<DrawnProps>> = {
  page: PageField,
  accept: AcceptField,
  boolean: BooleanField,
  callout: CalloutField,
  choice: ChoiceField,
  choices: ChoicesField,
  decimal: DecimalField,
  dict: DictField,
  divider: DividerField,
  file: FileField,
  json: JsonField,
  label: LabelField,
  lines: LinesField,
  list: ListField,
  markdown: MarkdownField,
  model: ModelField,
  moment: MomentField,
  number: NumberField,
  picker: PickerField,
  secret: SecretField,
  shown: ShownField,
  summary: SummaryField,
  text: TextField,
  timestamp: TimestampField,
  tuple: TupleField,
  union: UnionField,
};

export const fields: RegistryFieldsType = {
  ...Object.fromEntries(Object.entries(FIELDS).map(([kind, field]) => [kind, asField(field)])),
  SchemaField: PartField,
};

export const templates: Partial<TemplatesType> = { FieldTemplate };
