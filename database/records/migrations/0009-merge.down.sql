-- The way back. Records stay where they were moved to, and the Patient resources still say who was replaced by whom; but
-- the gate lets people write about those again.

alter table care.patient drop column merged_into;
