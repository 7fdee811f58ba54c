// Written by scripts/distil-fhir from the definitions of FHIR R4 (4.0.1), which HL7 gives to the public domain
// (CC0-1.0). Do not edit.

// swift-format-ignore-file
let invariantsOfR4: StaticString = #"""
Age	age-1	(code.exists() or value.empty()) and (system.empty() or system = %ucum) and (value.empty() or value.hasValue().not() or value > 0)	There SHALL be a code if there is a value and it SHALL be an expression of time. If system is present, it SHALL be UCUM. If value is present, it SHALL be positive.
Age	qty-3	code.empty() or system.exists()	If a code for the unit is present, the system SHALL also be present
AllergyIntolerance	ait-1	verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').exists() or clinicalStatus.exists()	AllergyIntolerance.clinicalStatus SHALL be present if verificationStatus is not entered-in-error.
AllergyIntolerance	ait-2	verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').empty() or clinicalStatus.empty()	AllergyIntolerance.clinicalStatus SHALL NOT be present if verification Status is entered-in-error
Appointment	app-2	start.exists() = end.exists()	Either start and end are specified, or neither
Appointment	app-3	(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled' | 'waitlist'))	Only proposed or cancelled appointments can be missing start/end dates
Appointment	app-4	Appointment.cancelationReason.exists() implies (Appointment.status='no-show' or Appointment.status='cancelled')	Cancelation reason is only used for appointments that have been cancelled, or no-show
Appointment.participant	app-1	type.exists() or actor.exists()	Either the type or actor on the participant SHALL be specified
AppointmentResponse	apr-1	participantType.exists() or actor.exists()	Either the participantType or actor must be specified
Attachment	att-1	data.empty() or contentType.exists()	If the Attachment has data, it SHALL have a contentType
AuditEvent.entity	sev-1	name.empty() or query.empty()	Either a name or a query (NOT both)
Bundle	bdl-1	total.empty() or (type = 'searchset') or (type = 'history')	total only when a search or history
Bundle	bdl-10	type = 'document' implies (timestamp.hasValue())	A document must have a date
Bundle	bdl-11	type = 'document' implies entry.first().resource.is(Composition)	A document must have a Composition as the first resource
Bundle	bdl-12	type = 'message' implies entry.first().resource.is(MessageHeader)	A message must have a MessageHeader as the first resource
Bundle	bdl-2	entry.search.empty() or (type = 'searchset')	entry.search only when a search
Bundle	bdl-3	entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))	entry.request mandatory for batch/transaction/history, otherwise prohibited
Bundle	bdl-4	entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = 'transaction-response' or %resource.type = 'history'))	entry.response mandatory for batch-response/transaction-response/history, otherwise prohibited
Bundle	bdl-7	(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()	FullUrl must be unique in a bundle, or else entries with the same fullUrl must have different meta.versionId (except in history bundles)
Bundle	bdl-9	type = 'document' implies (identifier.system.exists() and identifier.value.exists())	A document must have an identifier with a system and a value
Bundle.entry	bdl-5	resource.exists() or request.exists() or response.exists()	must be a resource unless there's a request or response
Bundle.entry	bdl-8	fullUrl.contains('/_history/').not()	fullUrl cannot be a version specific reference
CapabilityStatement	cpb-1	rest.exists() or messaging.exists() or document.exists()	A Capability Statement SHALL have at least one of REST, messaging or document element.
CapabilityStatement	cpb-14	(kind != 'instance') or implementation.exists()	If kind = instance, implementation must be present and software may be present
CapabilityStatement	cpb-15	(kind != 'capability') or (implementation.exists().not() and software.exists())	If kind = capability, implementation must be absent, software must be present
CapabilityStatement	cpb-16	(kind!='requirements') or (implementation.exists().not() and software.exists().not())	If kind = requirements, implementation and software must be absent
CapabilityStatement	cpb-2	(description.count() + software.count() + implementation.count()) > 0	A Capability Statement SHALL have at least one of description, software, or implementation element.
CapabilityStatement	cpb-3	messaging.endpoint.empty() or kind = 'instance'	Messaging end-point is required (and is only permitted) when a statement is for an implementation.
CapabilityStatement	cpb-7	document.select(profile&mode).isDistinct()	The set of documents must be unique by the combination of profile and mode.
CapabilityStatement.rest	cpb-9	resource.select(type).isDistinct()	A given resource can only be described once per RESTful mode.
CapabilityStatement.rest.resource	cpb-12	searchParam.select(name).isDistinct()	Search parameter names must be unique in the context of a resource.
CarePlan.activity	cpl-3	detail.empty() or reference.empty()	Provide a reference or detail, not both
CodeSystem	csd-1	concept.code.combine($this.descendants().concept.code).isDistinct()	Within a code system definition, all the codes SHALL be unique
Composition.section	cmp-1	text.exists() or entry.exists() or section.exists()	A section must contain at least one of text, entries, or sub-sections
Composition.section	cmp-2	emptyReason.empty() or entry.empty()	A section can only have an emptyReason if it is empty
ConceptMap.group.element.target	cmd-1	comment.exists() or equivalence.empty() or ((equivalence != 'narrower') and (equivalence != 'inexact'))	If the map is narrower or inexact, there SHALL be some comments
ConceptMap.group.unmapped	cmd-2	(mode = 'fixed') implies code.exists()	If the mode is 'fixed', a code must be provided
ConceptMap.group.unmapped	cmd-3	(mode = 'other-map') implies url.exists()	If the mode is 'other-map', a url must be provided
Condition	con-4	abatement.empty() or clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and (code='resolved' or code='remission' or code='inactive')).exists()	If condition is abated, then clinicalStatus must be either inactive, resolved, or remission
Condition	con-5	verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code='entered-in-error').empty() or clinicalStatus.empty()	Condition.clinicalStatus SHALL NOT be present if verification Status is entered-in-error
Condition.evidence	con-2	code.exists() or detail.exists()	evidence SHALL have code or details
Condition.stage	con-1	summary.exists() or assessment.exists()	Stage SHALL have summary or assessment
Consent	ppc-1	policy.exists() or policyRule.exists()	Either a Policy or PolicyRule
Consent	ppc-2	patient.exists() or scope.coding.where(system='something' and code='patient-privacy').exists().not()	IF Scope=privacy, there must be a patient
Consent	ppc-3	patient.exists() or scope.coding.where(system='something' and code='research').exists().not()	IF Scope=research, there must be a patient
Consent	ppc-4	patient.exists() or scope.coding.where(system='something' and code='adr').exists().not()	IF Scope=adr, there must be a patient
Consent	ppc-5	patient.exists() or scope.coding.where(system='something' and code='treatment').exists().not()	IF Scope=treatment, there must be a patient
ContactPoint	cpt-2	value.empty() or system.exists()	A system is required if a value is provided.
Count	cnt-3	(code.exists() or value.empty()) and (system.empty() or system = %ucum) and (code.empty() or code = '1') and (value.empty() or value.hasValue().not() or value.toString().contains('.').not())	There SHALL be a code with a value of "1" if there is a value. If system is present, it SHALL be UCUM. If present, the value SHALL be a whole number.
Count	qty-3	code.empty() or system.exists()	If a code for the unit is present, the system SHALL also be present
CoverageEligibilityResponse.insurance.item	ces-1	category.exists() xor productOrService.exists()	SHALL contain a category or a billcode but not both.
DataRequirement.codeFilter	drq-1	path.exists() xor searchParam.exists()	Either a path or a searchParam must be provided, but not both
DataRequirement.dateFilter	drq-2	path.exists() xor searchParam.exists()	Either a path or a searchParam must be provided, but not both
Distance	dis-1	(code.exists() or value.empty()) and (system.empty() or system = %ucum)	There SHALL be a code if there is a value and it SHALL be an expression of length. If system is present, it SHALL be UCUM.
Distance	qty-3	code.empty() or system.exists()	If a code for the unit is present, the system SHALL also be present
DomainResource	dom-2	contained.contained.empty()	If the resource is contained in another resource, it SHALL NOT contain nested Resources
DomainResource	dom-4	contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()	If a resource is contained in another resource, it SHALL NOT have a meta.versionId or a meta.lastUpdated
DomainResource	dom-5	contained.meta.security.empty()	If a resource is contained in another resource, it SHALL NOT have a security label
Duration	drt-1	code.exists() implies ((system = %ucum) and value.exists())	There SHALL be a code if there is a value and it SHALL be an expression of time. If system is present, it SHALL be UCUM.
Duration	qty-3	code.empty() or system.exists()	If a code for the unit is present, the system SHALL also be present
ElementDefinition	eld-11	binding.empty() or type.code.empty() or type.select((code = 'code') or (code = 'Coding') or (code='CodeableConcept') or (code = 'Quantity') or (code = 'string') or (code = 'uri')).exists()	Binding can only be present for coded elements, string, and uri
ElementDefinition	eld-13	type.select(code).isDistinct()	Types must be unique by code
ElementDefinition	eld-14	constraint.select(key).isDistinct()	Constraints must be unique by key
ElementDefinition	eld-15	defaultValue.empty() or meaningWhenMissing.empty()	default value and meaningWhenMissing are mutually exclusive
ElementDefinition	eld-16	sliceName.empty() or sliceName.matches('^[a-zA-Z0-9\\/\\-_\\[\\]\\@]+$')	sliceName must be composed of proper tokens separated by "/"
ElementDefinition	eld-18	(isModifier.exists() and isModifier) implies isModifierReason.exists()	Must have a modifier reason if isModifier = true
ElementDefinition	eld-19	path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')	Element names cannot include some special characters
ElementDefinition	eld-2	min.empty() or max.empty() or (max = '*') or iif(max != '*', min <= max.toInteger())	Min <= Max
ElementDefinition	eld-22	sliceIsConstraining.exists() implies sliceName.exists()	sliceIsConstraining can only appear if slicename is present
ElementDefinition	eld-5	contentReference.empty() or (type.empty() and defaultValue.empty() and fixed.empty() and pattern.empty() and example.empty() and minValue.empty() and maxValue.empty() and maxLength.empty() and binding.empty())	if the element definition has a contentReference, it cannot have type, defaultValue, fixed, pattern, example, minValue, maxValue, maxLength, or binding
ElementDefinition	eld-6	fixed.empty() or (type.count() <= 1)	Fixed value may only be specified if there is one type
ElementDefinition	eld-7	pattern.empty() or (type.count() <= 1)	Pattern may only be specified if there is one type
ElementDefinition	eld-8	pattern.empty() or fixed.empty()	Pattern and fixed are mutually exclusive
ElementDefinition.binding	eld-12	valueSet.exists() implies (valueSet.startsWith('http:') or valueSet.startsWith('https') or valueSet.startsWith('urn:'))	ValueSet SHALL start with http:// or https:// or urn:
ElementDefinition.max	eld-3	empty() or ($this = '*') or (toInteger() >= 0)	Max SHALL be a number or "*"
ElementDefinition.slicing	eld-1	discriminator.exists() or description.exists()	If there are no discriminators, there must be a definition
ElementDefinition.type	eld-17	(code='Reference' or code = 'canonical') or targetProfile.empty()	targetProfile is only allowed if the type is Reference or canonical
ElementDefinition.type	eld-4	aggregation.empty() or (code = 'Reference') or (code = 'canonical')	Aggregation may only be specified if one of the allowed types for the element is a reference
Expression	exp-1	expression.exists() or reference.exists()	An expression or a reference must be provided
FamilyMemberHistory	fhs-1	age.empty() or born.empty()	Can have age[x] or born[x], but not both
FamilyMemberHistory	fhs-2	age.exists() or estimatedAge.empty()	Can only have estimatedAge if age[x] is present
Goal.target	gol-1	(detail.exists() and measure.exists()) or detail.exists().not()	Goal.target.measure is required if Goal.target.detail is populated
Group	grp-1	member.empty() or (actual = true)	Can only have members if group is "actual"
Immunization.education	imm-1	documentType.exists() or reference.exists()	One of documentType or reference SHALL be present
ImmunizationRecommendation.recommendation	imr-1	vaccineCode.exists() or targetDisease.exists()	One of vaccineCode or targetDisease SHALL be present
ImplementationGuide	ig-2	definition.resource.fhirVersion.all(%context.fhirVersion contains $this)	If a resource has a fhirVersion, it must be oe of the versions defined for the Implementation Guide
ImplementationGuide.definition	ig-1	resource.groupingId.all(%context.grouping.id contains $this)	If a resource has a groupingId, it must refer to a grouping defined in the Implementation Guide
InsurancePlan	ipn-1	(identifier.count() + name.count()) > 0	The organization SHALL at least have a name or an idendtifier, and possibly more than one
Linkage	lnk-1	item.count()>1	Must have at least two items
List	lst-1	emptyReason.empty() or entry.empty()	A list can only have an emptyReason if it is empty
List	lst-2	mode = 'changes' or entry.deleted.empty()	The deleted flag can only be used if the mode of the list is "changes"
List	lst-3	mode = 'working' or entry.date.empty()	An entry date can only be used if the mode of the list is "working"
Measure	mea-1	group.stratifier.all((code | description | criteria).exists() xor component.exists())	Stratifier SHALL be either a single criteria or a set of criteria components
MeasureReport	mrp-1	(type != 'data-collection') or group.exists().not()	Measure Reports used for data collection SHALL NOT communicate group and score information
MeasureReport	mrp-2	group.stratifier.stratum.all(value.exists() xor component.exists())	Stratifiers SHALL be either a single criteria or a set of criteria components
MedicationAdministration.dosage	mad-1	dose.exists() or rate.exists()	SHALL have at least one of dosage.dose or dosage.rate[x]
MedicationDispense	mdd-1	whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared	whenHandedOver cannot be before whenPrepared
MessageDefinition.focus	md-1	max='*' or (max.toInteger() > 0)	Max must be postive int or *
MolecularSequence	msq-3	coordinateSystem = 1 or coordinateSystem = 0	Only 0 and 1 are valid for coordinateSystem
MolecularSequence.referenceSeq	msq-5	(chromosome.empty() and genomeBuild.empty()) or (chromosome.exists() and genomeBuild.exists())	GenomeBuild and chromosome must be both contained if either one of them is contained
MolecularSequence.referenceSeq	msq-6	(genomeBuild.count()+referenceSeqId.count()+ referenceSeqPointer.count()+ referenceSeqString.count()) = 1	Have and only have one of the following elements in referenceSeq : 1. genomeBuild ; 2 referenceSeqId; 3. referenceSeqPointer; 4. referenceSeqString;
NamingSystem	nsd-1	kind != 'root' or uniqueId.all(type != 'uuid')	Root systems cannot have uuid identifiers
NamingSystem	nsd-2	uniqueId.where(preferred = true).select(type).isDistinct()	Can't have more than one preferred identifier for a type
Observation	obs-6	dataAbsentReason.empty() or value.empty()	dataAbsentReason SHALL only be present if Observation.value[x] is not present
Observation	obs-7	value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()	If Observation.code is the same as an Observation.component.code then the value element associated with the code SHALL NOT be present
Observation.referenceRange	obs-3	low.exists() or high.exists() or text.exists()	Must have at least a low or a high or text
OperationDefinition.parameter	opd-1	type.exists() or part.exists()	Either a type must be provided, or parts
OperationDefinition.parameter	opd-2	searchType.exists() implies type = 'string'	A search type can only be specified for parameters of type string
OperationDefinition.parameter	opd-3	targetProfile.exists() implies (type = 'Reference' or type = 'canonical')	A targetProfile can only be specified for parameters of type Reference or Canonical
Organization	org-1	(identifier.count() + name.count()) > 0	The organization SHALL at least have a name or an identifier, and possibly more than one
Organization.address	org-2	where(use = 'home').empty()	An address of an organization can never be of use 'home'
Organization.telecom	org-3	where(use = 'home').empty()	The telecom of an organization can never be of use 'home'
Parameters.parameter	inv-1	(part.exists() and value.empty() and resource.empty()) or (part.empty() and (value.exists() xor resource.exists()))	A parameter must have one and only one of (value, resource, part)
Patient.contact	pat-1	name.exists() or telecom.exists() or address.exists() or organization.exists()	SHALL at least contain a contact's details or a reference to an organization
Period	per-1	start.hasValue().not() or end.hasValue().not() or (start <= end)	If present, start SHALL have a lower value than end
Quantity	qty-3	code.empty() or system.exists()	If a code for the unit is present, the system SHALL also be present
Questionnaire	que-2	descendants().linkId.isDistinct()	The link ids for groups and questions must be unique within the questionnaire
Questionnaire.item	que-1	(type='group' implies item.empty().not()) and (type.trace('type')='display' implies item.trace('item').empty())	Group items must have nested items, display items cannot have nested items
Questionnaire.item	que-10	(type in ('boolean' | 'decimal' | 'integer' | 'string' | 'text' | 'url' | 'open-choice')) or maxLength.empty()	Maximum length can only be declared for simple question types
Questionnaire.item	que-11	answerOption.empty() or initial.empty()	If one or more answerOption is present, initial[x] must be missing
Questionnaire.item	que-12	enableWhen.count() > 2 implies enableBehavior.exists()	If there are more than one enableWhen, enableBehavior must be specified
Questionnaire.item	que-13	repeats=true or initial.count() <= 1	Can only have multiple initial values for repeating items
Questionnaire.item	que-3	type!='display' or code.empty()	Display items cannot have a "code" asserted
Questionnaire.item	que-4	answerOption.empty() or answerValueSet.empty()	A question cannot have both answerOption and answerValueSet
Questionnaire.item	que-5	(type ='choice' or type = 'open-choice' or type = 'decimal' or type = 'integer' or type = 'date' or type = 'dateTime' or type = 'time' or type = 'string' or type = 'quantity') or (answerValueSet.empty() and answerOption.empty())	Only 'choice' and 'open-choice' items can have answerValueSet
Questionnaire.item	que-6	type!='display' or (required.empty() and repeats.empty())	Required and repeat aren't permitted for display items
Questionnaire.item	que-8	(type!='group' and type!='display') or initial.empty()	Initial values can't be specified for groups or display items
Questionnaire.item	que-9	type!='display' or readOnly.empty()	Read-only can't be specified for "display" items
Questionnaire.item.enableWhen	que-7	operator = 'exists' implies (answer is Boolean)	If the operator is 'exists', the value must be a boolean
QuestionnaireResponse.item	qrs-1	(answer.exists() and item.exists()).not()	Nested item can't be beneath both item and answer
Range	rng-2	low.empty() or high.empty() or (low <= high)	If present, low SHALL have a lower value than high
Ratio	rat-1	(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())	Numerator and denominator SHALL both be present, or both are absent. If both are absent, there SHALL be some extension present
RequestGroup.action	rqg-1	resource.exists() != action.exists()	Must have resource or action but not both
RiskAssessment.prediction	ras-2	probability is decimal implies (probability as decimal) <= 100	Must be <= 100
RiskAssessment.prediction.probability	ras-1	(low.empty() or ((low.code = '%') and (low.system = %ucum))) and (high.empty() or ((high.code = '%') and (high.system = %ucum)))	low and high must be percentages, if present
SearchParameter	spd-1	xpath.empty() or xpathUsage.exists()	If an xpath is present, there SHALL be an xpathUsage
SearchParameter	spd-2	chain.empty() or type = 'reference'	Search parameters can only have chain names when the search parameter type is 'reference'
ServiceRequest	prr-1	orderDetail.empty() or code.exists()	orderDetail SHALL only be present if code is present
StructureDefinition	sdf-1	derivation = 'constraint' or snapshot.element.select(path).isDistinct()	Element paths must be unique unless the structure is a constraint
StructureDefinition	sdf-11	kind != 'logical' implies snapshot.empty() or snapshot.element.first().path = type	If there's a type, its content must match the path name in the first element of a snapshot
StructureDefinition	sdf-14	snapshot.element.all(id.exists()) and differential.element.all(id.exists())	All element definitions must have an id
StructureDefinition	sdf-15	kind!='logical' implies snapshot.element.first().type.empty()	The first element in a snapshot has no type unless model is a logical model.
StructureDefinition	sdf-15a	(kind!='logical' and differential.element.first().path.contains('.').not()) implies differential.element.first().type.empty()	If the first element in a differential has no "." in the path and it's not a logical model, it has no type
StructureDefinition	sdf-16	snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()	All element definitions must have unique ids (snapshot)
StructureDefinition	sdf-17	differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()	All element definitions must have unique ids (diff)
StructureDefinition	sdf-18	contextInvariant.exists() implies type = 'Extension'	Context Invariants can only be used for extensions
StructureDefinition	sdf-19	url.startsWith('http://hl7.org/fhir/StructureDefinition') implies (differential.element.type.code.all(matches('^[a-zA-Z0-9]+$') or matches('^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$')) and snapshot.element.type.code.all(matches('^[a-zA-Z0-9\\.]+$') or matches('^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$')))	FHIR Specification models only use FHIR defined types
StructureDefinition	sdf-21	differential.element.defaultValue.exists() implies (derivation = 'specialization')	Default values can only be specified on specializations
StructureDefinition	sdf-22	url.startsWith('http://hl7.org/fhir/StructureDefinition') implies (snapshot.element.defaultValue.empty() and differential.element.defaultValue.empty())	FHIR Specification models never have default values
StructureDefinition	sdf-23	(snapshot | differential).element.all(path.contains('.').not() implies sliceName.empty())	No slice name on root
StructureDefinition	sdf-4	abstract = true or baseDefinition.exists()	If the structure is not abstract, then there SHALL be a baseDefinition
StructureDefinition	sdf-5	type != 'Extension' or derivation = 'specialization' or (context.exists())	If the structure defines an extension then the structure must have context information
StructureDefinition	sdf-6	snapshot.exists() or differential.exists()	A structure must have either a differential, or a snapshot (or both)
StructureDefinition	sdf-9	children().element.where(path.contains('.').not()).label.empty() and children().element.where(path.contains('.').not()).code.empty() and children().element.where(path.contains('.').not()).requirements.empty()	In any snapshot or differential, no label, code or requirements on an element without a "." in the path (e.g. the first element)
StructureDefinition.differential	sdf-20	element.where(path.contains('.').not()).slicing.empty()	No slicing on the root element
StructureDefinition.differential	sdf-8a	(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and (element.tail().empty() or element.tail().all(path.startsWith(%resource.differential.element.first().path.replaceMatches('\\..*','')&'.')))	In any differential, all the elements must start with the StructureDefinition's specified type for non-logical models, or with the same type name for logical models
StructureDefinition.mapping	sdf-2	name.exists() or uri.exists()	Must have at least a name or a uri (or both)
StructureDefinition.snapshot	sdf-3	element.all(definition.exists() and min.exists() and max.exists())	Each element definition in a snapshot must have a formal definition and cardinalities
StructureDefinition.snapshot	sdf-8	(%resource.kind = 'logical' or element.first().path = %resource.type) and element.tail().all(path.startsWith(%resource.snapshot.element.first().path&'.'))	All snapshot elements must start with the StructureDefinition's specified type for non-logical models, or with the same type name for logical models
StructureDefinition.snapshot	sdf-8b	element.all(base.exists())	All snapshot elements must have a base definition
StructureDefinition.snapshot.element	sdf-10	binding.empty() or binding.valueSet.exists() or binding.description.exists()	provide either a binding reference or a description (or both)
StructureMap.group.rule.target	smp-1	element.exists() implies context.exists()	Can only have an element if you have a context
StructureMap.group.rule.target	smp-2	context.exists() implies contextType.exists()	Must have a contextType if you have a context
Task	inv-1	lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn	Last modified date must be greater than or equal to authored-on date.
TerminologyCapabilities	tcp-2	(description.count() + software.count() + implementation.count()) > 0	A Capability Statement SHALL have at least one of description, software, or implementation element.
TerminologyCapabilities	tcp-3	(kind != 'instance') or implementation.exists()	If kind = instance, implementation must be present and software may be present
TerminologyCapabilities	tcp-4	(kind != 'capability') or (implementation.exists().not() and software.exists())	If kind = capability, implementation must be absent, software must be present
TerminologyCapabilities	tcp-5	(kind!='requirements') or (implementation.exists().not() and software.exists().not())	If kind = requirements, implementation and software must be absent
TerminologyCapabilities.codeSystem	tcp-1	version.count() > 1 implies version.all(code.exists())	If there is more than one version, a version code must be defined
TestReport.setup.action	inv-1	operation.exists() xor assert.exists()	Setup action SHALL contain either an operation or assert but not both.
TestReport.test.action	inv-2	operation.exists() xor assert.exists()	Test action SHALL contain either an operation or assert but not both.
TestScript.metadata	tst-4	capability.required.exists() or capability.validated.exists()	TestScript metadata capability SHALL contain required or validated or both.
TestScript.setup.action	tst-1	operation.exists() xor assert.exists()	Setup action SHALL contain either an operation or assert but not both.
TestScript.setup.action.assert	tst-10	compareToSourceId.empty() xor (compareToSourceExpression.exists() or compareToSourcePath.exists())	Setup action assert SHALL contain either compareToSourceId and compareToSourceExpression, compareToSourceId and compareToSourcePath or neither.
TestScript.setup.action.assert	tst-12	(response.empty() and responseCode.empty() and direction = 'request') or direction.empty() or direction = 'response'	Setup action assert response and responseCode SHALL be empty when direction equals request
TestScript.setup.action.assert	tst-5	extension.exists() or (contentType.count() + expression.count() + headerField.count() + minimumId.count() + navigationLinks.count() + path.count() + requestMethod.count() + resource.count() + responseCode.count() + response.count() + validateProfileId.count() <=1)	Only a single assertion SHALL be present within setup action assert element.
TestScript.setup.action.operation	tst-7	sourceId.exists() or (targetId.count() + url.count() + params.count() = 1) or (type.code in ('capabilities' |'search' | 'transaction' | 'history'))	Setup operation SHALL contain either sourceId or targetId or params or url.
TestScript.teardown.action.operation	tst-9	sourceId.exists() or (targetId.count() + url.count() + params.count() = 1) or (type.code in ('capabilities' | 'search' | 'transaction' | 'history'))	Teardown operation SHALL contain either sourceId or targetId or params or url.
TestScript.test.action	tst-2	operation.exists() xor assert.exists()	Test action SHALL contain either an operation or assert but not both.
TestScript.test.action.assert	tst-11	compareToSourceId.empty() xor (compareToSourceExpression.exists() or compareToSourcePath.exists())	Test action assert SHALL contain either compareToSourceId and compareToSourceExpression, compareToSourceId and compareToSourcePath or neither.
TestScript.test.action.assert	tst-13	(response.empty() and responseCode.empty() and direction = 'request') or direction.empty() or direction = 'response'	Test action assert response and response and responseCode SHALL be empty when direction equals request
TestScript.test.action.assert	tst-6	extension.exists() or (contentType.count() + expression.count() + headerField.count() + minimumId.count() + navigationLinks.count() + path.count() + requestMethod.count() + resource.count() + responseCode.count() + response.count() + validateProfileId.count() <=1)	Only a single assertion SHALL be present within test action assert element.
TestScript.test.action.operation	tst-8	sourceId.exists() or (targetId.count() + url.count() + params.count() = 1) or (type.code in ('capabilities' | 'search' | 'transaction' | 'history'))	Test operation SHALL contain either sourceId or targetId or params or url.
TestScript.variable	tst-3	expression.empty() or headerField.empty() or path.empty()	Variable can only contain one of expression, headerField or path.
Timing.repeat	tim-1	duration.empty() or durationUnit.exists()	if there's a duration, there needs to be duration units
Timing.repeat	tim-10	timeOfDay.empty() or when.empty()	If there's a timeOfDay, there cannot be a when, or vice versa
Timing.repeat	tim-2	period.empty() or periodUnit.exists()	if there's a period, there needs to be period units
Timing.repeat	tim-4	duration.exists() implies duration >= 0	duration SHALL be a non-negative value
Timing.repeat	tim-5	period.exists() implies period >= 0	period SHALL be a non-negative value
Timing.repeat	tim-6	periodMax.empty() or period.exists()	If there's a periodMax, there must be a period
Timing.repeat	tim-7	durationMax.empty() or duration.exists()	If there's a durationMax, there must be a duration
Timing.repeat	tim-8	countMax.empty() or count.exists()	If there's a countMax, there must be a count
Timing.repeat	tim-9	offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))	If there's an offset, there must be a when (and not C, CM, CD, CV)
TriggerDefinition	trd-1	data.empty() or timing.empty()	Either timing, or a data requirement, but not both
TriggerDefinition	trd-2	condition.exists() implies data.exists()	A condition only if there is a data requirement
TriggerDefinition	trd-3	(type = 'named-event' implies name.exists()) and (type = 'periodic' implies timing.exists()) and (type.startsWith('data-') implies data.exists())	A named event requires a name, a periodic event requires timing, and a data event requires data
ValueSet.compose.include	vsd-1	valueSet.exists() or system.exists()	A value set include/exclude SHALL have a value set or a system
ValueSet.compose.include	vsd-2	(concept.exists() or filter.exists()) implies system.exists()	A value set with concepts or filters SHALL include a system
ValueSet.compose.include	vsd-3	concept.empty() or filter.empty()	Cannot have both concept and filter
ValueSet.expansion.contains	vsd-10	code.empty() or system.exists()	Must have a system if a code is present
ValueSet.expansion.contains	vsd-6	code.exists() or display.exists()	SHALL have a code or a display
ValueSet.expansion.contains	vsd-9	code.exists() or abstract = true	Must have a code if not abstract
"""#
