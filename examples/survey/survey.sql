-- A decade of a survey, from the files as published to the trend of one language against another.
-- Run it in the folder that has data/: weft sql -f survey.sql

-- 1. A table a year. Options say what is odd about its file; no column needs a type yet.
-- 2015, 2016: cp1252, two header rows, names that are empty or come twice, comments over several lines.
CREATE TEMPORARY VIEW survey_2015 USING csv OPTIONS (
    path 'data/2015.csv', header 'true', encoding 'windows-1252', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2016 USING csv OPTIONS (
    path 'data/2016.csv', header 'true', encoding 'windows-1252', multiLine 'true', escape '"');
-- 2017, 2018: UTF-8 with a mark, NA for what was not answered, `salary` twice.
CREATE TEMPORARY VIEW survey_2017 USING csv OPTIONS (
    path 'data/2017.csv', header 'true', nullValue 'NA', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2018 USING csv OPTIONS (
    path 'data/2018.csv', header 'true', nullValue 'NA', multiLine 'true', escape '"');
-- 2019, 2020: another name for the same question, and dozens of columns.
CREATE TEMPORARY VIEW survey_2019 USING csv OPTIONS (
    path 'data/2019.csv', header 'true', nullValue 'NA', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2020 USING csv OPTIONS (
    path 'data/2020.csv', header 'true', nullValue 'NA', multiLine 'true', escape '"');
-- From 2021: hundreds of columns; 2024 with semicolons.
CREATE TEMPORARY VIEW survey_2021 USING csv OPTIONS (
    path 'data/2021.csv', header 'true', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2022 USING csv OPTIONS (
    path 'data/2022.csv', header 'true', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2023 USING csv OPTIONS (
    path 'data/2023.csv', header 'true', multiLine 'true', escape '"');
CREATE TEMPORARY VIEW survey_2024 USING csv OPTIONS (
    path 'data/2024.csv', header 'true', multiLine 'true', escape '"', sep ';');

-- 2. Every year in one form: a row an answer. to_json names the columns, whatever they are called and however
-- many;
-- what was not answered is left out by it. The second header row has no number in its first column.
CREATE TEMPORARY VIEW answers AS
WITH rows AS (
    SELECT 2015 AS year, `_c0` AS person, to_json(struct(*)) AS row FROM survey_2015
    UNION ALL SELECT 2016, `_c0`, to_json(struct(*)) FROM survey_2016
    UNION ALL SELECT 2017, Respondent, to_json(struct(*)) FROM survey_2017
    UNION ALL SELECT 2018, Respondent, to_json(struct(*)) FROM survey_2018
    UNION ALL SELECT 2019, Respondent, to_json(struct(*)) FROM survey_2019
    UNION ALL SELECT 2020, Respondent, to_json(struct(*)) FROM survey_2020
    UNION ALL SELECT 2021, ResponseId, to_json(struct(*)) FROM survey_2021
    UNION ALL SELECT 2022, ResponseId, to_json(struct(*)) FROM survey_2022
    UNION ALL SELECT 2023, ResponseId, to_json(struct(*)) FROM survey_2023
    UNION ALL SELECT 2024, ResponseId, to_json(struct(*)) FROM survey_2024)
SELECT year, try_cast(person AS INT) AS person, column, answer
FROM rows LATERAL VIEW explode(from_json(row, 'MAP<STRING, STRING>')) AS column, answer
WHERE try_cast(person AS INT) IS NOT NULL;

-- 3. The map of questions: which columns of which years ask the same. Columns without a name have the reader's.
CREATE TEMPORARY VIEW questions AS
SELECT * FROM VALUES
    ('country', 2015, 2024, '^Country$'),
    ('languages', 2015, 2016, '^(Select all languages that you use|_c[3-9])$'),
    ('languages', 2017, 2018, '^tech_do$'),
    ('languages', 2019, 2020, '^LanguageWorkedWith$'),
    ('languages', 2021, 2024, '^LanguageHaveWorkedWith$'),
    ('pay', 2017, 2018, '^salary3$'),
    ('pay', 2019, 2020, '^ConvertedComp$'),
    ('pay', 2021, 2024, '^ConvertedCompYearly$')
    AS q(question, first_year, last_year, pattern);

-- 4. Unified Parquet: a row a respondent, the same columns for all years.
INSERT OVERWRITE DIRECTORY 'unified' USING parquet
SELECT
    year,
    person,
    max(answer) FILTER (WHERE question = 'country') AS country,
    array_sort(flatten(collect_list(split(answer, '; ?')) FILTER (WHERE question = 'languages'))) AS languages,
    try_cast(max(answer) FILTER (WHERE question = 'pay') AS INT) AS pay
FROM answers LEFT JOIN questions
    ON year BETWEEN first_year AND last_year AND column RLIKE pattern
GROUP BY year, person
ORDER BY year, person;

-- 5. The trend: the share of respondents who named each, and by how much one leads.
SELECT
    year,
    count(*) AS people,
    count_if(array_contains(languages, 'Python')) AS python,
    count_if(array_contains(languages, 'Java')) AS java,
    round(100 * avg(CAST(array_contains(languages, 'Python') AS INT)), 1) AS python_percent,
    round(100 * avg(CAST(array_contains(languages, 'Java') AS INT)), 1) AS java_percent,
    round(python_percent - java_percent, 1) AS lead
FROM parquet.`unified`
GROUP BY year
ORDER BY year;
